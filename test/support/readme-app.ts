import { Controller, Injectable, Module, Post, type CanActivate } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ClsModule } from 'nestjs-cls';
import { ExecutionService, JsRuntimeModule, TenancyService } from 'nestjs-js-runtime';

/** Wherever your backend knows who is calling. */
@Injectable()
class TenantGuard implements CanActivate {
  constructor(private readonly tenancy: TenancyService) {}

  canActivate(): boolean {
    this.tenancy.enter({ tenant: { id: 'acme', plan: 'pro' } });
    return true;
  }
}

@Controller('price')
class PriceController {
  constructor(private readonly executions: ExecutionService) {}

  @Post()
  async price(): Promise<unknown> {
    const { value } = await this.executions.execute<number>('input.net * (context.tenant.plan === "pro" ? 0.9 : 1)', {
      name: 'pricing-rule.js',
      input: { net: 200 },
      limits: { timeoutMs: 500 },
    });
    return { price: value };
  }
}

@Module({
  imports: [
    ClsModule.forRoot({ global: true, middleware: { mount: true } }),
    JsRuntimeModule.forRoot({ poolSize: 4, tenantConcurrency: 2 }),
  ],
  controllers: [PriceController],
  providers: [{ provide: APP_GUARD, useClass: TenantGuard }],
})
export class AppModule {}

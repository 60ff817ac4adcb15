import { Test } from '@nestjs/testing';
import type { Provider } from '@nestjs/common';
import { ClsModule } from 'nestjs-cls';
import type { JsRuntimeOptions } from '../src/config/options.schema.ts';
import { ScriptApiTypings } from '../src/typings/script-api-typings.ts';
import type { JsRuntimeExtras } from '../src/js-runtime.module-definition.ts';
import { JsRuntimeModule } from '../src/js-runtime.module.ts';
import { TenancyService } from '../src/tenancy/tenancy.service.ts';

/** What the typings of an application with these APIs are for tenants, by their ids. No VM is started. */
export async function typingsOf(
  apis: readonly Provider[],
  options: JsRuntimeOptions & JsRuntimeExtras = { permissions: ['*'] },
): Promise<(tenantId?: string) => Promise<string>> {
  const module = await Test.createTestingModule({
    imports: [ClsModule.forRoot({ global: true }), JsRuntimeModule.forRoot(options)],
    providers: [...apis],
  }).compile();
  const tenancy = module.get(TenancyService);
  const typings = module.get(ScriptApiTypings);
  return async (tenantId = 'acme') =>
    tenancy.runAs({ tenant: { id: tenantId } }, async () => typings.forCurrentTenant());
}

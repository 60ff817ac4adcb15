import { Injectable } from '@nestjs/common';
import { ClsService } from 'nestjs-cls';
import { HEALTH_TENANT_ID } from '../config/tenant-policy.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { TenantContext } from './tenant-context.ts';

const TENANT_CONTEXT = Symbol('jsRuntime.tenantContext');

/** Keeps the {@link TenantContext} of the current asynchronous call chain in nestjs-cls. */
@Injectable()
export class TenancyService {
  constructor(private readonly cls: ClsService<{ [TENANT_CONTEXT]?: TenantContext }>) {}

  /**
   * Sets the tenant for the rest of the current CLS context; a guard or middleware calls it once per request.
   *
   * @throws JsRuntimeError TENANT_CONTEXT_MISSING when there is no CLS context to set it in, the id is no text or empty, or it is
   * `(health)`, which is the runtime's own
   */
  enter(context: TenantContext): void {
    if (!this.cls.isActive()) {
      throw new JsRuntimeError(
        'TENANT_CONTEXT_MISSING',
        'No CLS context is active here. Mount the ClsModule middleware or guard, or use runAs() outside of requests',
      );
    }
    this.cls.set(TENANT_CONTEXT, checked(context));
  }

  /** Runs `work` for a tenant, in a CLS context of its own; for jobs and tests, where no request has set one. */
  runAs<T>(context: TenantContext, work: () => T): T {
    return this.cls.run(() => {
      this.enter(context);
      return work();
    });
  }

  /** @throws JsRuntimeError TENANT_CONTEXT_MISSING when nobody has entered a tenant: no tenant, no execution */
  current(): TenantContext {
    const context = this.find();
    if (context) return context;
    throw new JsRuntimeError(
      'TENANT_CONTEXT_MISSING',
      'No tenant has been entered. Call TenancyService.enter() in a guard, or wrap the call in TenancyService.runAs()',
    );
  }

  /** The same, for what may also happen on behalf of no tenant; undefined when nobody has entered one. */
  find(): TenantContext | undefined {
    return this.cls.isActive() ? this.cls.get()[TENANT_CONTEXT] : undefined;
  }
}

function checked(context: TenantContext): TenantContext {
  const id: unknown = (context as Partial<TenantContext>).tenant?.id;
  if (id === HEALTH_TENANT_ID) {
    // It would get what is configured for all, and nothing that is only for it.
    throw new JsRuntimeError('TENANT_CONTEXT_MISSING', `The tenant.id ${HEALTH_TENANT_ID} is the runtime's own`);
  }
  if (typeof id === 'string' && id !== '') return context;
  throw new JsRuntimeError(
    'TENANT_CONTEXT_MISSING',
    'The tenant context has no tenant.id (a string that is not empty)',
  );
}

import { setImmediate } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { ContextBridge } from '../bridge/context-bridge.ts';
import { PERMISSION_POLICY, type PermissionPolicy } from '../security/permission-policy.ts';
import type { TenantContext } from '../tenancy/tenant-context.ts';
import { TenancyService } from '../tenancy/tenancy.service.ts';
import type { ApiMethod } from '../host-api/api-method.ts';
import { ApiRegistry } from '../host-api/api-registry.ts';
import { printContributions } from './print-contributions.ts';
import { printMethod, type PrintedMethod } from './print-method.ts';
import { printNamespace } from './print-namespace.ts';
import { RUNTIME_TYPINGS } from './runtime-typings.ts';

/** Types of what scripts see, as a declaration file (`.d.ts`) for editors and compilers. */
@Injectable()
export class ScriptApiTypings {
  /** Each method is printed once; what tenants see differs by which of them they may call. */
  readonly #printed = new WeakMap<ApiMethod, PrintedMethod>();

  constructor(
    private readonly contexts: ContextBridge,
    private readonly registry: ApiRegistry,
    private readonly tenancy: TenancyService,
    @Inject(PERMISSION_POLICY) private readonly policy: PermissionPolicy,
  ) {}

  /**
   * For scripts of the tenant that nestjs-cls holds.
   *
   * @throws JsRuntimeError TENANT_CONTEXT_MISSING, and what the permission policy throws
   */
  async forCurrentTenant(): Promise<string> {
    return this.of(this.tenancy.current());
  }

  /** For scripts of this tenant: what every script has, and the host APIs that it may call. @throws what the permission policy throws */
  async of(context: TenantContext): Promise<string> {
    const texts = [RUNTIME_TYPINGS, printContributions(this.contexts.contributedKeys)];
    for (const { name, description, methods } of this.registry.namespaces.values()) {
      const isPermitted = await Promise.all(methods.map(async (method) => this.#isPermitted(method, context)));
      const printed: PrintedMethod[] = [];
      for (const [index, method] of methods.entries()) {
        if (isPermitted[index]) printed.push(this.#printed.get(method) ?? (await this.#print(method)));
      }
      texts.push(printNamespace(name, description, printed));
    }
    return texts.filter((text) => text !== '').join('\n');
  }

  async #isPermitted({ permission, name: api }: ApiMethod, context: TenantContext): Promise<boolean> {
    return permission === undefined || this.policy.isPermitted({ permission, api, context });
  }

  /** Takes milliseconds, so others have their turn before the next. */
  async #print(method: ApiMethod): Promise<PrintedMethod> {
    const printed = printMethod(method);
    this.#printed.set(method, printed);
    await setImmediate();
    return printed;
  }
}

import { ConfigurableModuleBuilder, type Provider, type Type } from '@nestjs/common';
import { AUDIT_SINK, type AuditSink } from './audit/audit-sink.ts';
import { LogAuditSink } from './audit/log-audit-sink.ts';
import type { JsRuntimeOptions } from './config/options.schema.ts';
import { TENANT_OPTIONS, type TenantOptionsService } from './config/tenant-policy.ts';
import { CONSOLE_SINK, type ConsoleSink } from './console-sink/console-sink.ts';
import { MODULE_RESOLVER, type ModuleResolver } from './compiler/module-resolver.ts';
import { ProcessVmFactory } from './pool/process-vm-factory.ts';
import { VM_FACTORY, type VmFactory } from './pool/vm-factory.ts';
import { PERMISSION_POLICY, type PermissionPolicy } from './security/permission-policy.ts';
import { TenantPermissions } from './security/tenant-permissions.ts';

/** What decides how the module is put together, beside the options. */
export interface JsRuntimeExtras {
  /** Where VMs come from. Default: a child process each. A provider of the module, so it can inject what is global. */
  readonly vmFactory?: Type<VmFactory> | undefined;
  /** Knows what differs for single tenants; asked before the option `tenants`. A provider, as `vmFactory`. */
  readonly tenantOptions?: Type<TenantOptionsService> | undefined;
  /** Where modules that scripts import come from; without, nothing can be imported. A provider, as `vmFactory`. */
  readonly moduleResolver?: Type<ModuleResolver> | undefined;
  /** Is told who ran what. Default: lines in the log. A provider, as `vmFactory`. */
  readonly auditSink?: Type<AuditSink> | undefined;
  /** Is told what scripts write to their `console`. Default: nobody is. A provider, as `vmFactory`. */
  readonly consoleSink?: Type<ConsoleSink> | undefined;
  /** Decides which host APIs a tenant's scripts may call. Default: the option `permissions`. A provider, as `vmFactory`. */
  readonly permissionPolicy?: Type<PermissionPolicy> | undefined;
}

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<JsRuntimeOptions>({
  moduleName: 'JsRuntime',
})
  .setClassMethodName('forRoot')
  // What is named here is not taken for an option.
  .setExtras<JsRuntimeExtras>(
    {
      vmFactory: undefined,
      tenantOptions: undefined,
      moduleResolver: undefined,
      auditSink: undefined,
      consoleSink: undefined,
      permissionPolicy: undefined,
    },
    (definition, extras) => ({
      ...definition,
      global: true,
      providers: [...(definition.providers ?? []), ...providersOf(extras)],
    }),
  )
  .build();

function providersOf({
  vmFactory = ProcessVmFactory,
  tenantOptions,
  moduleResolver,
  auditSink = LogAuditSink,
  consoleSink,
  permissionPolicy = TenantPermissions,
}: JsRuntimeExtras): Provider[] {
  return [
    { provide: VM_FACTORY, useClass: vmFactory },
    { provide: AUDIT_SINK, useClass: auditSink },
    { provide: PERMISSION_POLICY, useClass: permissionPolicy },
    ...(consoleSink ? [{ provide: CONSOLE_SINK, useClass: consoleSink }] : []),
    ...(tenantOptions ? [{ provide: TENANT_OPTIONS, useClass: tenantOptions }] : []),
    ...(moduleResolver ? [{ provide: MODULE_RESOLVER, useClass: moduleResolver }] : []),
  ];
}

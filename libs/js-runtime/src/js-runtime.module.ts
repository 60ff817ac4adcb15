import { Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule, type ConfigType } from '@nestjs/config';
import { DiscoveryModule } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { ClsModule } from 'nestjs-cls';
import { AuditTrail } from './audit/audit-trail.ts';
import { CallBridge } from './bridge/call-bridge.ts';
import { ContextBridge } from './bridge/context-bridge.ts';
import { ExecutionBridge } from './bridge/execution-bridge.ts';
import { ArtifactCache } from './compiler/cache/artifact-cache.ts';
import { CompilerService } from './compiler/compiler.service.ts';
import { SharedArtifacts } from './compiler/cache/shared-artifacts.ts';
import { compileOptions } from './config/compile-options.ts';
import { jsRuntimeConfig } from './config/js-runtime.config.ts';
import type { CompiledOptions, JsRuntimeOptions } from './config/options.schema.ts';
import { COMPILED_OPTIONS } from './config/options.token.ts';
import { TENANT_OPTIONS, TenantPolicies, type TenantOptionsService } from './config/tenant-policy.ts';
import { ScriptConsole } from './console-sink/script-console.ts';
import { ExecutionService } from './execution/execution.service.ts';
import { ScriptRunner } from './execution/script-runner.ts';
import { WarmRunner } from './execution/warm/warm-runner.ts';
import { JsRuntimeHealthIndicator } from './health/js-runtime.health.ts';
import { ScriptCheck } from './health/script-check.ts';
import { StopNotice } from './health/stop-notice.ts';
import { ApiRegistry } from './host-api/api-registry.ts';
import { LOAD_METERS } from './load/load-meters.ts';
import { LoadMonitor } from './load/load-monitor.ts';
import { MachineMeters } from './load/machine-meters.ts';
import { ExecutionMetrics } from './metrics/execution-metrics.ts';
import { ProviderInstances } from './host-api/provider-instances.ts';
import { ScriptApiTypings } from './typings/script-api-typings.ts';
import { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, type JsRuntimeExtras } from './js-runtime.module-definition.ts';
import { VmPoolService } from './pool/vm-pool.service.ts';
import { SecurityValidator } from './security/security-validator.ts';
import { TenantUsageService } from './security/tenant-usage.service.ts';
import { TenancyService } from './tenancy/tenancy.service.ts';

/**
 * Runs tenants' own JavaScript. Global: import it once, inject its services anywhere.
 *
 * Options come from `JS_RUNTIME_*` (through @nestjs/config); what `forRoot` or `forRootAsync` is given comes first.
 * The application sets up `ClsModule.forRoot(...)` itself and enters the tenant in a guard.
 */
@Module({
  imports: [ConfigModule.forFeature(jsRuntimeConfig), ClsModule, TerminusModule, DiscoveryModule],
  providers: [
    {
      provide: COMPILED_OPTIONS,
      inject: [jsRuntimeConfig.KEY, MODULE_OPTIONS_TOKEN],
      useFactory: (environment: ConfigType<typeof jsRuntimeConfig>, given: JsRuntimeOptions): CompiledOptions =>
        compileOptions({ ...environment, ...given }),
    },
    {
      provide: TenantPolicies,
      inject: [COMPILED_OPTIONS, { token: TENANT_OPTIONS, optional: true }],
      useFactory: (options: CompiledOptions, service?: TenantOptionsService) => new TenantPolicies(options, service),
    },
    TenancyService,
    TenantUsageService,
    ExecutionMetrics,
    ProviderInstances,
    ApiRegistry,
    ScriptApiTypings,
    SecurityValidator,
    ContextBridge,
    CallBridge,
    ExecutionBridge,
    AuditTrail,
    { provide: LOAD_METERS, useClass: MachineMeters },
    LoadMonitor,
    ScriptConsole,
    VmPoolService,
    SharedArtifacts,
    ArtifactCache,
    CompilerService,
    ScriptRunner,
    WarmRunner,
    ExecutionService,
    StopNotice,
    ScriptCheck,
    JsRuntimeHealthIndicator,
  ],
  exports: [
    COMPILED_OPTIONS,
    TenantPolicies,
    TenancyService,
    TenantUsageService,
    LoadMonitor,
    VmPoolService,
    CompilerService,
    ExecutionService,
    ScriptApiTypings,
    JsRuntimeHealthIndicator,
  ],
})
export class JsRuntimeModule extends ConfigurableModuleClass {
  /** Static options. @throws InvalidOptionsError when the application starts, naming the wrong option */
  static override forRoot(options: JsRuntimeOptions & JsRuntimeExtras = {}): DynamicModule {
    return super.forRoot(options);
  }
}

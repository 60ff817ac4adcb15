export { JsRuntimeModule } from './js-runtime.module.ts';
export type { JsRuntimeExtras } from './js-runtime.module-definition.ts';
export { InvalidOptionsError } from './config/compile-options.ts';
export { showOptions, type ShownOption } from './config/show-options.ts';
export type { CompiledOptions, JsRuntimeOptions } from './config/options.schema.ts';
export type { LimitName, ResourceLimits } from './config/limits.ts';
export type {
  TenantBoundary,
  TenantOptionsService,
  TenantOverrides,
  TenantPolicy,
  TenantResolver,
} from './config/tenant-policy.ts';
export { RETIRE_REASONS, type RetireReason } from './process/retire-reason.ts';
export { TenantPolicies } from './config/tenant-policy.ts';
export { COMPILED_OPTIONS } from './config/options.token.ts';
export { TenancyService } from './tenancy/tenancy.service.ts';
export type { Json, JsonObject, TenantContext } from './tenancy/tenant-context.ts';
export { ScriptApi, type ScriptApiOptions } from './host-api/script-api.decorator.ts';
export { ScriptMethod, type ScriptMethodOptions } from './host-api/script-method.decorator.ts';
export { ScriptApiError, type ScriptApiErrorOptions } from './host-api/script-api-error.ts';
export type { ScriptCall } from './host-api/script-call.ts';
export { ScriptApiTypings } from './typings/script-api-typings.ts';
export { ContributesContext, type ContextContributor, type ContextRequest } from './bridge/context-contributor.ts';
export type { ExposeOptions, SetupFn, SetupScope, SetupVm } from './bridge/setup-scope.ts';
export {
  AUDIT_SINK,
  type AuditedExecution,
  type AuditSink,
  type DeniedCallRecord,
  type ExecutionRecord,
} from './audit/audit-sink.ts';
export { LogAuditSink } from './audit/log-audit-sink.ts';
export { CONSOLE_SINK, type ConsoleRecord, type ConsoleSink } from './console-sink/console-sink.ts';
export { PERMISSION_POLICY, type PermissionPolicy, type PermissionRequest } from './security/permission-policy.ts';
export { TenantPermissions } from './security/tenant-permissions.ts';
export { DEFAULT_SCRIPT_NAME, ExecutionService } from './execution/execution.service.ts';
export { currentExecutionId } from './execution/current-execution.ts';
export { EXECUTION_ID_RULE, EXECUTION_ID_RULE_TEXT } from './execution/execution-id.ts';
export type { ExecuteOptions, PrepareOptions } from './execution/execute-options.ts';
export {
  PreparedFunction,
  type InvokeOptions,
  type PreparedFunctionStats,
} from './execution/warm/prepared-function.ts';
export type { ExecutionResult } from './execution/execution-result.ts';
export type { ExecutionOutcome, ExecutionStats } from './metrics/execution-metrics.ts';
export type { ApiCallOutcome, ApiCallStats } from './metrics/api-call-metrics.ts';
export type { RuntimeMetrics } from './execution/runtime-metrics.ts';
export type { UsageReceipt } from './metrics/usage-receipt.ts';
export { CompilerService } from './compiler/compiler.service.ts';
export type { CompiledScript, CompileOptions, SourceOptions } from './compiler/compiled-script.ts';
export type { ModuleRequest, ModuleResolver, ModuleSource } from './compiler/module-resolver.ts';
export type { CacheStats } from './compiler/cache/artifact-cache.ts';
export type { SharedCacheStats } from './compiler/cache/shared-artifacts.ts';
export { VmPoolService, type AcquireOptions } from './pool/vm-pool.service.ts';
export { VM_FACTORY, type PoolVm, type Vm, type VmExit, type VmFactory } from './pool/vm-factory.ts';
export type {
  CallAnswer,
  CompileReply,
  CompileRequest,
  HeldScript,
  LinkReply,
  LinkRequest,
  RequestLimits,
  RunCalls,
  RunReply,
  RunRequest,
  RunUnit,
  UnitCode,
  VmCall,
} from './process/vm-request.ts';
export type { WantedScript } from './admission/tenant-line.ts';
export type { MeteredUse } from './process/run-meter.ts';
export { VmGoneError } from './process/vm-gone.error.ts';
export type { VmInfo } from './pool/vm-info.ts';
export type { VmState } from './pool/vm-state.ts';
export type { VmLease } from './pool/vm-lease.ts';
export type { PoolStats } from './pool/pool-stats.ts';
export { LOAD_CAUSES, LOAD_LEVELS, type LoadCause, type LoadLevel, type LoadStats } from './load/load-stats.ts';
export { LOAD_METERS, type LoadMeters } from './load/load-meters.ts';
export { LoadMonitor } from './load/load-monitor.ts';
export type { BreakerState } from './pool/start-gate.ts';
export type { MsHistogramStats } from './metrics/ms-histogram.ts';
export { Deadline } from './admission/deadline.ts';
export { ERROR_CODES, type ErrorCode, type ErrorCodeInfo } from './errors/error-codes.ts';
export { isTooDeep, MAX_JSON_DEPTH } from './protocol/json-depth.ts';
export { JsRuntimeError, type ErrorDetails, type ScriptErrorReport } from './errors/js-runtime-error.ts';
export { JsRuntimeHealthIndicator } from './health/js-runtime.health.ts';
export type {
  AllowedCalls,
  ApiHeader,
  CallAnswerKind,
  CompileOutcome,
  LogEntry,
  LogLevel,
  OutputLimits,
  RunOutcome,
  ScriptErrorInfo,
  ScriptHeader,
  ScriptLanguage,
  ScriptWrap,
} from './protocol/messages.ts';
export type { RequestedLimits } from './security/resource-limits.ts';
export { TenantUsageService, type TenantUsage } from './security/tenant-usage.service.ts';

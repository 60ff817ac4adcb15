import { Injectable } from '@nestjs/common';
import { Deadline } from '../admission/deadline.ts';
import { AuditTrail } from '../audit/audit-trail.ts';
import type { SetupFn } from '../bridge/setup-scope.ts';
import type { CompiledScript } from '../compiler/compiled-script.ts';
import { CompilerService } from '../compiler/compiler.service.ts';
import { scriptTooLarge } from '../compiler/describe-script.ts';
import type { ResourceLimits } from '../config/limits.ts';
import { TenantPolicies } from '../config/tenant-policy.ts';
import { ScriptConsole } from '../console-sink/script-console.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import { LoadMonitor } from '../load/load-monitor.ts';
import { ExecutionMetrics } from '../metrics/execution-metrics.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';
import { VmPoolService } from '../pool/vm-pool.service.ts';
import { tightenLimits, type RequestedLimits } from '../security/resource-limits.ts';
import { ResourceTracker } from '../security/resource-tracker.ts';
import { TenantUsageService } from '../security/tenant-usage.service.ts';
import { TenancyService } from '../tenancy/tenancy.service.ts';
import type { OperationTrace } from '../tracing/operation-trace.ts';
import { outcomeOf } from '../tracing/outcome.ts';
import { startOperation } from '../tracing/start-operation.ts';
import { inExecution } from './current-execution.ts';
import type { ExecuteOptions, PrepareOptions } from './execute-options.ts';
import type { ExecutionResult } from './execution-result.ts';
import { executionIdOf } from './execution-id.ts';
import { inputToJson } from './input-to-json.ts';
import { ScriptRunner } from './script-runner.ts';
import { PreparedFunction, type InvokeOptions } from './warm/prepared-function.ts';
import { assertWarm, WarmRunner } from './warm/warm-runner.ts';
import { RunningExecutions, type RunningExecution } from './running-executions.ts';

/** Name of a script that was given none. */
export const DEFAULT_SCRIPT_NAME = 'script.js';

/** Runs scripts of the current tenant. */
@Injectable()
export class ExecutionService {
  readonly #running = new RunningExecutions();
  #executionsTotal = 0;
  #executionErrors = 0;
  #timeoutsTotal = 0;

  constructor(
    private readonly policies: TenantPolicies,
    private readonly tenancy: TenancyService,
    private readonly compiler: CompilerService,
    private readonly pool: VmPoolService,
    private readonly runner: ScriptRunner,
    private readonly warmRunner: WarmRunner,
    private readonly tenantUsage: TenantUsageService,
    private readonly auditTrail: AuditTrail,
    private readonly executionMetrics: ExecutionMetrics,
    private readonly load: LoadMonitor,
    private readonly scriptConsole: ScriptConsole,
  ) {}

  /**
   * Runs a script in a fresh realm, for the tenant that nestjs-cls holds.
   *
   * @throws JsRuntimeError with the `code` that says what went wrong and the `executionId` it went wrong in
   */
  execute<T = unknown>(script: string | CompiledScript, options: ExecuteOptions = {}): Promise<ExecutionResult<T>> {
    return this.#counted(script, options) as Promise<ExecutionResult<T>>;
  }

  /**
   * Compiles a function that is to be called many times, each time in the realm that is kept for it (see `ExecuteOptions.realm`). It
   * belongs to the tenant that nestjs-cls holds.
   *
   * @throws JsRuntimeError as `CompilerService.compile`; INVALID_REQUEST for the wrap `script`
   */
  async prepare<Input = unknown, Value = unknown>(
    source: string,
    options: PrepareOptions,
  ): Promise<PreparedFunction<Input, Value>> {
    const { name = DEFAULT_SCRIPT_NAME, limits, ...how } = options;
    assertWarm(how.wrap);
    const script = await this.compiler.compile(name, source, { ...how, limits });
    this.warmRunner.prepared(script);
    const invoke = (input: unknown, invokeOptions: InvokeOptions): Promise<ExecutionResult> => {
      const { limits: own } = invokeOptions;
      // Without any of its own, an invocation has the tenant's as they are: nothing is made or checked then.
      const both = limits && own ? merged(limits, own) : (own ?? limits);
      return this.execute(script, { ...invokeOptions, limits: both, input, realm: 'warm' });
    };
    return new PreparedFunction(invoke, () => {
      this.warmRunner.forget(script);
    });
  }

  /**
   * As `execute`, with globals and functions that only this execution has. `setup` is called when there is a VM, and the script
   * runs when it is done. In a fresh realm only.
   *
   * @throws JsRuntimeError as `execute`; INVALID_REQUEST for a warm realm; and what `setup` throws, as it is
   */
  executeWithSetup<T = unknown>(
    script: string | CompiledScript,
    setup: SetupFn,
    options: ExecuteOptions = {},
  ): Promise<ExecutionResult<T>> {
    return this.#counted(script, options, setup) as Promise<ExecutionResult<T>>;
  }

  /**
   * Cancels an execution that waits or runs; it ends with CANCELLED. Where a tenant has been entered, only that tenant's
   * executions are found. Where none has (in a job of the backend's own), the id is cancelled for every tenant that uses
   * it: never pass on the id of a caller that was not authenticated.
   *
   * @returns false when there is none of that id
   */
  cancel(executionId: string): boolean {
    const tenancy = this.tenancy.find();
    return tenancy ? this.#running.cancel(tenancy.tenant.id, executionId) : this.#running.cancelForAll(executionId);
  }

  metrics(): RuntimeMetrics {
    return {
      executionsTotal: this.#executionsTotal,
      executionErrors: this.#executionErrors,
      timeoutsTotal: this.#timeoutsTotal,
      executions: this.executionMetrics.stats(),
      compilationCache: this.compiler.stats(),
      pool: this.pool.stats(),
      load: this.load.stats(),
    };
  }

  async #counted(script: string | CompiledScript, options: ExecuteOptions, setup?: SetupFn): Promise<ExecutionResult> {
    const executionId = executionIdOf(options.executionId);
    this.#executionsTotal++;
    try {
      const run = (): Promise<ExecutionResult> => this.#traced(executionId, script, options, setup);
      const result = await inExecution(executionId, run);
      this.executionMetrics.ended('OK');
      return result;
    } catch (error) {
      this.#executionErrors++;
      this.executionMetrics.ended(outcomeOf(error));
      if (error instanceof JsRuntimeError) {
        error.executionId = executionId;
        if (error.code === 'WALL_TIME_LIMIT_EXCEEDED') this.#timeoutsTotal++;
      }
      throw error;
    }
  }

  /** Not async, as those before it: every promise on the way is one more that a refusal rejects. */
  #traced(
    executionId: string,
    script: string | CompiledScript,
    options: ExecuteOptions,
    setup?: SetupFn,
  ): Promise<ExecutionResult> {
    const tenantId = this.tenancy.find()?.tenant.id;
    const operation = startOperation('js_runtime.execute', { executionId, tenantId });
    if (!operation) return this.#execute(executionId, script, options, setup);
    return operation.run(async (trace) => this.#execute(executionId, script, options, setup, trace));
  }

  async #execute(
    executionId: string,
    scriptOrSource: string | CompiledScript,
    options: ExecuteOptions,
    setup?: SetupFn,
    trace?: OperationTrace,
  ): Promise<ExecutionResult> {
    const context = this.tenancy.current();
    const { id: tenantId } = context.tenant;
    const policy = this.policies.of(tenantId);
    const limits = tightenLimits(policy.limits, options.limits);
    const tracker = new ResourceTracker(limits);
    const audit = this.auditTrail.begin(executionId, context);
    let running: RunningExecution | undefined;
    let script: CompiledScript | undefined;
    try {
      const realm = realmOf(options);
      // Warm ones wait in lines of their own.
      if (realm === 'fresh') this.pool.refuseIfHopeless(tenantId, policy, options.signal);
      running = this.#running.begin(tenantId, executionId, options.signal, options.executionId === undefined);
      const budget = { tracker, deadline: new Deadline(limits.timeoutMs), signal: running.signal, trace };
      script = this.#scriptOf(tenantId, scriptOrSource, limits, options);
      trace?.hasScript(script);
      const inputJson = inputToJson(options.input, limits.maxInputBytes);
      tracker.hasInput(Buffer.byteLength(inputJson));
      const runner = realm === 'warm' ? this.warmRunner : this.runner;
      const result = await runner.run({ id: executionId, context, budget, audit, setup }, script, inputJson);
      const usage = tracker.receipt();
      this.tenantUsage.add(tenantId, usage, false);
      this.executionMetrics.used(usage);
      trace?.hasUsed(usage);
      audit.ended({ outcome: 'OK', script, usage });
      this.scriptConsole.ended(executionId, context, script.name, result.logs);
      return { ...result, usage };
    } catch (error) {
      const usage = tracker.receipt();
      this.tenantUsage.add(tenantId, usage, true);
      trace?.hasUsed(usage);
      this.executionMetrics.used(usage);
      audit.ended({ outcome: outcomeOf(error), script, usage });
      if (!(error instanceof JsRuntimeError)) throw error;
      if (script) this.scriptConsole.ended(executionId, context, script.name, error.logs);
      throw Object.assign(error, { usage });
    } finally {
      if (running) this.#running.end(running);
    }
  }

  #scriptOf(
    tenantId: string,
    script: string | CompiledScript,
    limits: ResourceLimits,
    options: ExecuteOptions,
  ): CompiledScript {
    const { name = DEFAULT_SCRIPT_NAME, wrap, language } = options;
    if (!isCompiledScript(script)) return this.compiler.describe(tenantId, name, script, { wrap, language }, limits);
    if (script.tenantId !== tenantId) {
      throw new JsRuntimeError('PERMISSION_DENIED', 'The compiled script belongs to another tenant');
    }
    if (script.sourceBytes <= limits.maxSourceBytes) return script;
    throw scriptTooLarge('The script has', script.sourceBytes, limits.maxSourceBytes);
  }
}

/** A limit that is there and undefined is none of the invocation's own. */
function merged(limits: RequestedLimits, own: RequestedLimits): RequestedLimits {
  return { ...limits, ...Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)) };
}

/** @throws JsRuntimeError INVALID_REQUEST */
function realmOf({ realm = 'fresh' }: ExecuteOptions): ExecuteOptions['realm'] {
  if (['fresh', 'warm'].includes(realm)) return realm;
  throw new JsRuntimeError('INVALID_REQUEST', "realm must be 'fresh' or 'warm'");
}

/** Only what CompilerService.compile() made is one; anything else is for `describe` to accept or refuse. */
function isCompiledScript(script: string | CompiledScript): script is CompiledScript {
  return typeof script === 'object' && typeof (script as Partial<CompiledScript> | null)?.tenantId === 'string';
}

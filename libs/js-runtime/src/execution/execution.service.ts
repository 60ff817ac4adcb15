import { Injectable } from '@nestjs/common';
import { Deadline } from '../admission/deadline.ts';
import type { CompiledScript } from '../compiler/compiled-script.ts';
import { CompilerService } from '../compiler/compiler.service.ts';
import { scriptTooLarge } from '../compiler/describe-script.ts';
import type { LoadedScript } from '../compiler/script-loader.ts';
import type { ResourceLimits } from '../config/limits.ts';
import { TenantPolicies } from '../config/tenant-policy.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';
import type { VmLease } from '../pool/vm-lease.ts';
import { VmPoolService } from '../pool/vm-pool.service.ts';
import type { RunReply } from '../process/vm-request.ts';
import { meteredCall, type Budget } from '../security/metered-call.ts';
import { tightenLimits } from '../security/resource-limits.ts';
import { ResourceTracker } from '../security/resource-tracker.ts';
import { TenantUsageService } from '../security/tenant-usage.service.ts';
import type { TenantContext } from '../tenancy/tenant-context.ts';
import { TenancyService } from '../tenancy/tenancy.service.ts';
import type { ExecuteOptions } from './execute-options.ts';
import type { ExecutionResult } from './execution-result.ts';
import { contextToJson } from './context-to-json.ts';
import { executionIdOf } from './execution-id.ts';
import { inputToJson } from './input-to-json.ts';
import { readOutcome } from './read-outcome.ts';
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
    private readonly tenantUsage: TenantUsageService,
  ) {}

  /**
   * Runs a script in a fresh realm, for the tenant that nestjs-cls holds.
   *
   * @throws JsRuntimeError with the `code` that says what went wrong and the `executionId` it went wrong in
   */
  async execute<T = unknown>(
    script: string | CompiledScript,
    options: ExecuteOptions = {},
  ): Promise<ExecutionResult<T>> {
    const executionId = executionIdOf(options.executionId);
    this.#executionsTotal++;
    try {
      return (await this.#execute(executionId, script, options)) as ExecutionResult<T>;
    } catch (error) {
      this.#executionErrors++;
      if (error instanceof JsRuntimeError) {
        error.executionId = executionId;
        if (error.code === 'WALL_TIME_LIMIT_EXCEEDED') this.#timeoutsTotal++;
      }
      throw error;
    }
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
      compilationCache: this.compiler.stats(),
      pool: this.pool.stats(),
    };
  }

  async #execute(
    executionId: string,
    script: string | CompiledScript,
    options: ExecuteOptions,
  ): Promise<ExecutionResult> {
    const tenancy = this.tenancy.current();
    const limits = tightenLimits(this.policies.of(tenancy.tenant.id).limits, options.limits);
    const tracker = new ResourceTracker(limits);
    let execution: RunningExecution | undefined;
    try {
      execution = this.#running.begin(tenancy.tenant.id, executionId, options.signal);
      const result = await this.#executeFor(tenancy, execution, tracker, script, options);
      const usage = tracker.receipt();
      this.tenantUsage.add(tenancy.tenant.id, usage, false);
      return { ...result, usage };
    } catch (error) {
      const usage = tracker.receipt();
      this.tenantUsage.add(tenancy.tenant.id, usage, true);
      throw error instanceof JsRuntimeError ? Object.assign(error, { usage }) : error;
    } finally {
      if (execution) this.#running.end(execution);
    }
  }

  async #executeFor(
    tenancy: TenantContext,
    execution: RunningExecution,
    tracker: ResourceTracker,
    scriptOrSource: string | CompiledScript,
    options: ExecuteOptions,
  ): Promise<Unmetered> {
    const { limits } = tracker;
    const deadline = new Deadline(limits.timeoutMs);
    const script = this.#scriptOf(tenancy, scriptOrSource, limits, options);
    const inputJson = inputToJson(options.input, limits.maxInputBytes);
    tracker.hasInput(Buffer.byteLength(inputJson));
    const { signal } = execution;
    tracker.waits();
    return this.pool.withVm(
      async (lease) => this.#run(execution, tenancy, { tracker, deadline, signal }, script, inputJson, lease),
      {
        tenantId: tenancy.tenant.id,
        deadline,
        signal,
        script: { key: script.id, maxMemoryMb: limits.maxMemoryMb },
      },
    );
  }

  #scriptOf(
    tenancy: TenantContext,
    script: string | CompiledScript,
    limits: ResourceLimits,
    options: ExecuteOptions,
  ): CompiledScript {
    const { name = DEFAULT_SCRIPT_NAME, wrap, language } = options;
    const { id: tenantId } = tenancy.tenant;
    if (!isCompiledScript(script)) return this.compiler.describe(tenantId, name, script, { wrap, language }, limits);
    if (script.tenantId !== tenantId) {
      throw new JsRuntimeError('PERMISSION_DENIED', 'The compiled script belongs to another tenant');
    }
    if (script.sourceBytes <= limits.maxSourceBytes) return script;
    throw scriptTooLarge('The script has', script.sourceBytes, limits.maxSourceBytes);
  }

  async #run(
    execution: RunningExecution,
    tenancy: TenantContext,
    budget: Budget,
    script: CompiledScript,
    inputJson: string,
    { vm }: VmLease,
  ): Promise<Unmetered> {
    const { tracker, deadline } = budget;
    const { limits } = tracker;
    tracker.hasVm();
    const loader = this.compiler.loaderFor(vm, budget);
    const run = async ({ units }: LoadedScript): Promise<RunReply> =>
      meteredCall(vm, budget, async (left) => {
        const contextJson = contextToJson(tenancy, execution.id, deadline.remainingMs);
        return vm.run({ units, contextJson, inputJson, limits: left });
      });
    const loaded = await loader.load(script, this.compiler.moduleLookupFor(tenancy, limits));
    tracker.hasCode('hit');
    let reply = await run(loaded);
    if (reply.outcome.kind === 'not-held') {
      // It has replaced its isolate, which was not known here yet, or had no room to hold everything.
      reply = await run(await loader.withCode(loaded));
    }
    tracker.hasReply(reply);
    if (reply.refused.length > 0) {
      tracker.hasCode('miss');
      const refused = loaded.units.filter(({ key }) => reply.refused.includes(key));
      await this.compiler.refused(script.tenantId, refused);
    }
    try {
      const value = readOutcome(reply, limits, tracker.elapsedMs, tracker.used ?? reply, loaded.scripts);
      return { executionId: execution.id, value, logs: reply.logs, vmId: vm.id };
    } catch (error) {
      if (!(error instanceof JsRuntimeError)) throw error;
      // No VM of ours sends such a result: somebody else speaks for it.
      if (error.code === 'VM_CRASHED') vm.kill('protocol');
      throw Object.assign(error, { logs: reply.logs });
    }
  }
}

/** What an execution came to, before its receipt is written. */
type Unmetered = Omit<ExecutionResult, 'usage'>;

/** Only what CompilerService.compile() made is one; anything else is for `describe` to accept or refuse. */
function isCompiledScript(script: string | CompiledScript): script is CompiledScript {
  return typeof script === 'object' && typeof (script as Partial<CompiledScript> | null)?.tenantId === 'string';
}

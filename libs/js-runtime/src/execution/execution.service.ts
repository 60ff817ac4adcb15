import { Inject, Injectable } from '@nestjs/common';
import { Deadline } from '../admission/deadline.ts';
import type { CompiledScript } from '../compiler/compiled-script.ts';
import { CompilerService, DEFAULT_SCRIPT_NAME, headerOf } from '../compiler/compiler.service.ts';
import type { CompiledOptions } from '../config/options.schema.ts';
import { COMPILED_OPTIONS } from '../config/options.token.ts';
import { explainVmGone, wallTimeLimitExceeded } from '../errors/explain-vm-gone.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';
import type { UsageReceipt } from '../metrics/usage-receipt.ts';
import type { VmLease } from '../pool/vm-lease.ts';
import { VmPoolService } from '../pool/vm-pool.service.ts';
import type { RunReply } from '../process/vm-request.ts';
import type { OutputLimits } from '../protocol/messages.ts';
import { tightenLimits } from '../security/resource-limits.ts';
import type { TenantContext } from '../tenancy/tenant-context.ts';
import { TenancyService } from '../tenancy/tenancy.service.ts';
import type { ExecuteOptions } from './execute-options.ts';
import type { ExecutionResult } from './execution-result.ts';
import { contextToJson } from './context-to-json.ts';
import { executionIdOf } from './execution-id.ts';
import { inputToJson } from './input-to-json.ts';
import { readOutcome } from './read-outcome.ts';
import { RunningExecutions, type RunningExecution } from './running-executions.ts';

/** Runs scripts of the current tenant. */
@Injectable()
export class ExecutionService {
  readonly #running = new RunningExecutions();
  /** The same for every execution, so picked once: it is part of every request to a VM. */
  readonly #outputLimits: OutputLimits;
  #executionsTotal = 0;
  #executionErrors = 0;
  #timeoutsTotal = 0;

  constructor(
    @Inject(COMPILED_OPTIONS) private readonly options: CompiledOptions,
    private readonly tenancy: TenancyService,
    private readonly compiler: CompilerService,
    private readonly pool: VmPoolService,
  ) {
    const { maxResultBytes, maxLogBytes, maxLogEntries } = options;
    this.#outputLimits = { maxResultBytes, maxLogBytes, maxLogEntries };
  }

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
    const execution = this.#running.begin(tenancy.tenant.id, executionId, options.signal);
    try {
      return await this.#executeFor(tenancy, execution, script, options);
    } finally {
      this.#running.end(execution);
    }
  }

  async #executeFor(
    tenancy: TenantContext,
    execution: RunningExecution,
    scriptOrSource: string | CompiledScript,
    options: ExecuteOptions,
  ): Promise<ExecutionResult> {
    const { timeoutMs } = tightenLimits(this.options, options.limits);
    const deadline = new Deadline(timeoutMs);
    const script = this.#scriptOf(tenancy, scriptOrSource, options);
    const inputJson = inputToJson(options.input, this.options.maxInputBytes);
    const { signal } = execution;
    return this.pool.withVm((lease) => this.#run(execution, tenancy, deadline, script, inputJson, lease), {
      tenantId: tenancy.tenant.id,
      deadline,
      signal,
    });
  }

  #scriptOf(tenancy: TenantContext, script: string | CompiledScript, options: ExecuteOptions): CompiledScript {
    const { name = DEFAULT_SCRIPT_NAME, wrap } = options;
    if (!isCompiledScript(script)) return this.compiler.describe(tenancy.tenant.id, name, script, { wrap });
    if (script.tenantId === tenancy.tenant.id) return script;
    throw new JsRuntimeError('PERMISSION_DENIED', 'The compiled script belongs to another tenant');
  }

  async #run(
    execution: RunningExecution,
    tenancy: TenantContext,
    deadline: Deadline,
    script: CompiledScript,
    inputJson: string,
    { vm }: VmLease,
  ): Promise<ExecutionResult> {
    const queueMs = deadline.elapsedMs;
    if (deadline.isOver) throw wallTimeLimitExceeded(deadline.timeoutMs);
    const { codeCache, hit } = await this.compiler.codeFor(script, vm);
    if (execution.signal.aborted) throw new JsRuntimeError('CANCELLED', 'The execution was cancelled before it began');
    const onAbort = (): void => {
      vm.kill('cancelled');
    };
    execution.signal.addEventListener('abort', onAbort);
    let reply: RunReply;
    try {
      const deadlineMs = deadline.remainingMs;
      reply = await vm.run({
        script: headerOf(script),
        source: script.source,
        contextJson: contextToJson(tenancy, execution.id, deadlineMs),
        inputJson,
        codeCache,
        timeoutMs: deadlineMs,
        limits: this.#outputLimits,
      });
    } catch (error) {
      throw explainVmGone(error, deadline.timeoutMs);
    } finally {
      execution.signal.removeEventListener('abort', onAbort);
    }
    await this.compiler.keep(script, reply.codeCache);
    const usage: UsageReceipt = {
      wallMs: deadline.elapsedMs,
      queueMs,
      cpuMs: reply.cpuMs,
      heapBytes: reply.heapBytes,
      apiCalls: 0,
      compile: hit ? 'hit' : 'miss',
    };
    try {
      const value = readOutcome(reply, deadline.timeoutMs, this.options);
      return { executionId: execution.id, value, logs: reply.logs, usage, vmId: vm.id };
    } catch (error) {
      throw error instanceof JsRuntimeError ? Object.assign(error, { logs: reply.logs, usage }) : error;
    }
  }
}

/** Only what CompilerService.compile() made is one; anything else is for `describe` to accept or refuse. */
function isCompiledScript(script: string | CompiledScript): script is CompiledScript {
  return typeof script === 'object' && typeof (script as Partial<CompiledScript> | null)?.tenantId === 'string';
}

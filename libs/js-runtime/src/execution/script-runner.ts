import { Injectable } from '@nestjs/common';
import { ExecutionBridge, type Bridge, type BridgedExecution } from '../bridge/execution-bridge.ts';
import type { CompiledScript } from '../compiler/compiled-script.ts';
import { CompilerService } from '../compiler/compiler.service.ts';
import { linkedModulesOf } from '../compiler/linked-imports.ts';
import type { LoadedScript } from '../compiler/script-loader.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { Vm } from '../pool/vm-factory.ts';
import { VmPoolService } from '../pool/vm-pool.service.ts';
import type { KeepAs } from '../process/kept-realm.ts';
import type { RunReply } from '../process/vm-request.ts';
import { meteredCall } from '../security/metered-call.ts';
import type { ExecutionResult } from './execution-result.ts';
import { readOutcome } from './read-outcome.ts';

/** What an execution came to, before its receipt is written. */
export type Unmetered = Omit<ExecutionResult, 'usage'>;

/** Runs a script in a VM of the pool. */
@Injectable()
export class ScriptRunner {
  constructor(
    private readonly compiler: CompilerService,
    private readonly pool: VmPoolService,
    private readonly bridge: ExecutionBridge,
  ) {}

  /** @throws JsRuntimeError, and what a setup function throws */
  run(execution: BridgedExecution, script: CompiledScript, inputJson: string): Promise<Unmetered> {
    const { tracker, deadline, signal, trace } = execution.budget;
    tracker.waits();
    trace?.waits();
    return this.pool.withVm(
      ({ vm }) => {
        tracker.hasVm();
        trace?.hasVm(vm.id);
        return this.runIn(vm, execution, script, inputJson);
      },
      {
        tenantId: execution.context.tenant.id,
        deadline,
        signal,
        script: { key: script.id, maxMemoryMb: tracker.limits.maxMemoryMb },
      },
    );
  }

  /**
   * @param warm as what its realm, a hardened one, is kept to be invoked again, and what connects it already
   * @throws JsRuntimeError, and what a setup function throws
   */
  async runIn(
    vm: Vm,
    execution: BridgedExecution,
    script: CompiledScript,
    inputJson: string,
    warm?: { readonly keepAs: Omit<KeepAs, 'linked'>; readonly bridge: Bridge },
  ): Promise<Unmetered> {
    const { id, context, budget } = execution;
    const { tracker } = budget;
    const loader = this.compiler.loaderFor(vm, budget);
    // Here and below, what is there at once is not waited for: each wait is part of what every execution takes.
    const loading = loader.load(script, this.compiler.moduleLookupFor(context, tracker.limits));
    const loaded = loading instanceof Promise ? await loading : loading;
    tracker.hasCode('hit');
    const opening = warm?.bridge ?? this.bridge.open(execution, vm);
    const bridge = opening instanceof Promise ? await opening : opening;
    const linked = warm && script.wrap === 'module' ? linkedModulesOf(loaded) : undefined;
    const keepAs = warm && { ...warm.keepAs, linked };
    const span = budget.trace?.begin('run');
    let reply: RunReply;
    try {
      const run = ({ units }: LoadedScript): Promise<RunReply> =>
        meteredCall(vm, budget, (limits) =>
          vm.run({ units, ...bridge.texts(), inputJson, calls: bridge.calls, limits, keepAs }),
        );
      reply = await run(loaded);
      // It has replaced its isolate, which was not known here yet, or had no room to hold everything.
      if (reply.outcome.kind === 'not-held') reply = await run(await loader.withCode(loaded));
    } finally {
      bridge.calls.end();
    }
    tracker.hasReply(reply);
    // What ends a VM might do so when it is loaded, too.
    if (vm.alive) this.compiler.ran(script, tracker.limits.maxMemoryMb);
    if (reply.refused.length > 0) {
      tracker.hasCode('miss');
      const refused = loaded.units.filter(({ key }) => reply.refused.includes(key));
      await this.compiler.refused(script.tenantId, refused);
    }
    try {
      const used = tracker.used ?? reply;
      const value = readOutcome(reply, tracker.limits, tracker.elapsedMs, used, loaded.scripts, bridge.calls);
      span?.end();
      return { executionId: id, value, logs: reply.logs, vmId: vm.id };
    } catch (error) {
      if (!(error instanceof JsRuntimeError)) throw error;
      // No VM of ours sends such a result: somebody else speaks for it.
      if (error.code === 'VM_CRASHED') vm.kill('protocol');
      throw Object.assign(error, { logs: reply.logs });
    }
  }
}

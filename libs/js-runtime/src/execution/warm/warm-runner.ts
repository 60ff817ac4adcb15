import { Injectable } from '@nestjs/common';
import { ExecutionBridge, type BridgedExecution } from '../../bridge/execution-bridge.ts';
import { callersContextNow } from '../../bridge/host-calls.ts';
import type { CompiledScript } from '../../compiler/compiled-script.ts';
import type { ResourceLimits } from '../../config/limits.ts';
import { TenantPolicies } from '../../config/tenant-policy.ts';
import type { ScriptWrap } from '../../protocol/messages.ts';
import { JsRuntimeError } from '../../errors/js-runtime-error.ts';
import { VmPoolService } from '../../pool/vm-pool.service.ts';
import { ScriptRunner, type Unmetered } from '../script-runner.ts';
import { WarmFunction } from './warm-function.ts';

/** Runs scripts in realms that are kept. */
@Injectable()
export class WarmRunner {
  readonly #functions = new Map<string, WarmFunction>();

  constructor(
    private readonly policies: TenantPolicies,
    private readonly pool: VmPoolService,
    private readonly bridge: ExecutionBridge,
    private readonly runner: ScriptRunner,
  ) {}

  /** @throws JsRuntimeError */
  run(execution: BridgedExecution, script: CompiledScript, inputJson: string): Promise<Unmetered> {
    assertWarm(script.wrap);
    if (execution.setup) {
      throw new JsRuntimeError('INVALID_REQUEST', 'What a setup function exposes is for a fresh realm only');
    }
    const { tracker, trace } = execution.budget;
    tracker.waits();
    trace?.waits();
    const key = `${script.id} ${limitsKeyOf(tracker.limits)}`;
    const callersContext = callersContextNow();
    return new Promise((resolve, reject) => {
      const onCancel = (): void => undefined;
      this.#functionFor(execution.context.tenant.id, key).add({
        execution,
        script,
        inputJson,
        callersContext,
        onCancel,
        resolve,
        reject,
      });
    });
  }

  /** Lets the realms of a script go. */
  forget({ id }: CompiledScript): void {
    this.pool.forgetRealms(id);
  }

  #functionFor(tenantId: string, key: string): WarmFunction {
    // A script's id is its tenant's own.
    let found = this.#functions.get(key);
    if (!found) {
      const onIdle = (): void => {
        this.#functions.delete(key);
      };
      found = new WarmFunction(
        key,
        tenantId,
        () => this.policies.of(tenantId),
        this.pool,
        this.bridge,
        this.runner,
        onIdle,
      );
      this.#functions.set(key, found);
    }
    return found;
  }
}

/** @throws JsRuntimeError INVALID_REQUEST */
export function assertWarm(wrap: ScriptWrap): void {
  if (wrap !== 'script') return;
  const message = "A warm realm is for a script whose wrap is 'function' or 'module': a classic script has globals";
  throw new JsRuntimeError('INVALID_REQUEST', message);
}

/** Those that are configured are the same object each time. */
const limitsKeys = new WeakMap<ResourceLimits, string>();

function limitsKeyOf(limits: ResourceLimits): string {
  let key = limitsKeys.get(limits);
  if (key === undefined) limitsKeys.set(limits, (key = limitsKey(limits)));
  return key;
}

/** What a realm is told once: with other limits, there is another. */
function limitsKey(limits: ResourceLimits): string {
  const { maxMemoryMb, maxResultBytes, maxLogBytes, maxLogEntries } = limits;
  const { maxApiCalls, maxApiCallsInFlight, maxApiArgumentBytes } = limits;
  return [
    maxMemoryMb,
    maxResultBytes,
    maxLogBytes,
    maxLogEntries,
    maxApiCalls,
    maxApiCallsInFlight,
    maxApiArgumentBytes,
  ].join();
}

import { Inject, Injectable } from '@nestjs/common';
import { ExecutionBridge, type BridgedExecution } from '../../bridge/execution-bridge.ts';
import type { CompiledScript } from '../../compiler/compiled-script.ts';
import { CompilerService } from '../../compiler/compiler.service.ts';
import type { ResourceLimits } from '../../config/limits.ts';
import type { CompiledOptions } from '../../config/options.schema.ts';
import { COMPILED_OPTIONS } from '../../config/options.token.ts';
import type { LinkedModules } from '../../process/linked-modules.ts';
import type { ScriptWrap } from '../../protocol/messages.ts';
import { JsRuntimeError } from '../../errors/js-runtime-error.ts';
import { VmPoolService } from '../../pool/vm-pool.service.ts';
import { TenantUsageService } from '../../security/tenant-usage.service.ts';
import { ScriptRunner, type Unmetered } from '../script-runner.ts';
import { BrokenRealms } from './broken-realms.ts';
import { ImportChecks } from './import-checks.ts';
import { WarmFunction } from './warm-function.ts';
import type { WarmExecution } from './warm-invocation.ts';

/** Runs scripts in realms that are kept. */
@Injectable()
export class WarmRunner {
  readonly #functions = new Map<string, WarmFunction>();
  /** How often each script is prepared, by its id. */
  readonly #prepared = new Map<string, number>();
  readonly #imports: ImportChecks;
  readonly #broken = new BrokenRealms();
  #lastNumber = 0;
  /** Whether what is contributed to contexts may take time: then those that wait for it are as many as may wait. */
  #isContextLate = false;

  constructor(
    private readonly pool: VmPoolService,
    private readonly bridge: ExecutionBridge,
    private readonly runner: ScriptRunner,
    @Inject(COMPILED_OPTIONS) private readonly options: CompiledOptions,
    private readonly usage: TenantUsageService,
    compiler: CompilerService,
  ) {
    this.#imports = new ImportChecks(compiler);
    pool.keepLeases({
      onWanted: () => {
        for (const one of this.#functions.values()) one.releaseIdle();
      },
      onClosing: (error) => {
        for (const one of this.#functions.values()) one.refuseAll(error);
      },
    });
  }

  /** @throws JsRuntimeError */
  run(execution: BridgedExecution, script: CompiledScript, inputJson: string): Promise<Unmetered> {
    assertWarm(script.wrap);
    if (execution.setup) {
      const instead = "use realm: 'fresh', or what all executions have: a @ScriptApi, a @ContributesContext";
      throw new JsRuntimeError('INVALID_REQUEST', `A warm realm has nothing for one execution only: ${instead}`);
    }
    const key = `${script.id} ${limitsKeyOf(execution.budget.tracker.limits)}`;
    if (this.#broken.wantsFresh(key)) {
      this.pool.runsFresh();
      return this.runner.run(execution, script, inputJson);
    }
    const { tenantId } = script;
    const refusal = this.#isContextLate ? this.pool.refusalBehind(tenantId, true) : undefined;
    if (refusal) throw refusal;
    // Here, where the caller is: later, it is run by whoever has a place for it.
    const bridge = this.bridge.openWarm(execution);
    const called = { key, execution, script, inputJson };
    if (!(bridge instanceof Promise)) return this.#enqueue({ ...called, bridge, isLetIn: false });
    this.#isContextLate = true;
    this.pool.waitBehind(tenantId, 1);
    return bridge
      .finally(() => {
        this.pool.waitBehind(tenantId, -1);
      })
      .then((opened) => this.#enqueue({ ...called, bridge: opened, isLetIn: true }));
  }

  /** A script is prepared: its realms are let go when it was forgotten as often. */
  prepared({ id }: CompiledScript): void {
    this.#prepared.set(id, (this.#prepared.get(id) ?? 0) + 1);
  }

  forget({ id }: CompiledScript): void {
    const left = (this.#prepared.get(id) ?? 1) - 1;
    if (left > 0) {
      this.#prepared.set(id, left);
      return;
    }
    this.#prepared.delete(id);
    this.pool.forgetRealms(id);
  }

  #enqueue(called: WarmExecution): Promise<Unmetered> {
    const { key, execution, script } = called;
    const { tracker, trace } = execution.budget;
    tracker.waits();
    trace?.waits();
    const add = (): Promise<Unmetered> => this.#add(called);
    if (script.wrap !== 'module') return add();
    const linked = this.#functions.get(key)?.linked ?? this.pool.linked(key);
    if (!linked || linked.imports?.length === 0) return add();
    const isCurrent = this.#imports.areCurrent(linked, execution);
    if (isCurrent instanceof Promise) return this.#addWhenChecked(isCurrent, linked, key, add);
    if (!isCurrent) this.#outdated(key, linked);
    return add();
  }

  async #addWhenChecked(
    check: Promise<boolean>,
    linked: LinkedModules,
    key: string,
    add: () => Promise<Unmetered>,
  ): Promise<Unmetered> {
    const isCurrent = await check;
    if (!isCurrent) this.#outdated(key, linked);
    return add();
  }

  #add({ key, execution, script, inputJson, bridge, isLetIn }: WarmExecution): Promise<Unmetered> {
    return new Promise((resolve, reject) => {
      const number = ++this.#lastNumber;
      const onCancel = (): void => undefined;
      const invocation = { key, number, execution, script, inputJson, bridge, isLetIn, onCancel, resolve, reject };
      this.#functionFor(script, key).add(invocation);
    });
  }

  /** Modules have changed: the realms that have the former ones are not invoked any more. */
  #outdated(key: string, linked: LinkedModules): void {
    this.pool.forgetRealms(key, linked.version);
    const found = this.#functions.get(key);
    if (found?.linked === linked) found.linked = undefined;
  }

  #functionFor({ tenantId, wrap }: CompiledScript, key: string): WarmFunction {
    // A script's id is its tenant's own.
    const found = this.#functions.get(key);
    if (found) return found;
    const linked = wrap === 'module' ? this.pool.linked(key) : null;
    const { pool, runner, usage } = this;
    const onIdle = (): void => {
      this.#functions.delete(key);
    };
    // The state of a module is in one realm of a VM.
    const maxOverlap = wrap === 'function' ? this.options.warmMaxOverlap : 1;
    const parts = [pool, runner, usage, this.#imports, this.#broken, linked] as const;
    const made = new WarmFunction(key, tenantId, ...parts, onIdle, maxOverlap);
    this.#functions.set(key, made);
    return made;
  }
}

/** @throws JsRuntimeError INVALID_REQUEST */
export function assertWarm(wrap: ScriptWrap): void {
  if (wrap === 'function' || wrap === 'module') return;
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

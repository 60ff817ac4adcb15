import type ivm from 'isolated-vm';
import type { LinkedModules } from './link-modules.ts';
import type { DeliverAnswers, EnterRealm, InvokeAgain } from './realm/open-realm.ts';
import type { AllowedCalls, ScriptWrap } from '../protocol/messages.ts';
import type { CallAnswer } from './call-line.ts';

export interface RealmLimits {
  readonly maxLogEntries: number;
  readonly maxLogChars: number;
  readonly maxResultChars: number;
}

/** What the realm of one execution is told before the script is run. */
export interface RealmSetup {
  readonly limits: RealmLimits;
  readonly contextJson: string;
  /** Empty for no input. */
  readonly inputJson: string;
  /** An object with further globals; empty for none. */
  readonly globalsJson: string;
  /** Undefined when no call of a host API is let out. */
  readonly calls: AllowedCalls | undefined;
}

/** What is said of one invocation of a warm realm. */
export interface Invocation {
  readonly executionId: string;
  readonly deadlineMs: number;
}

/** What every realm of an isolate starts with: the code that opens it, and any script to warm it up with. */
export interface RealmScripts {
  readonly realm: ivm.Script;
  readonly warmUp: ivm.Script;
}

/** For an entry that nobody has to stop. */
const NO_TIMEOUT = 0;

/** How long the entry that is about to begin may take, in milliseconds; 0 for as long as it does. */
interface EntryTime {
  entryMs(): number;
  /** Of one that is not the first of its execution. */
  laterEntryMs(): number;
}

/** A fresh context with the one function that leads into it. Serves one execution and is thrown away. */
export class Realm {
  readonly context: ivm.Context;
  readonly #enter: ivm.Reference<EnterRealm>;
  #runsModules = false;
  /** Made when first needed: entries through these take less than those through `#enter`. */
  #deliver: ivm.Reference<DeliverAnswers> | undefined;
  #look: ivm.Reference<() => string> | undefined;
  #again: ivm.Reference<InvokeAgain> | undefined;
  /** Of one that is kept: 1 when it has logged. It is read without entering, which takes as long as a short invocation. */
  #logNote: Int32Array | undefined;

  constructor(isolate: ivm.Isolate, { realm, warmUp }: RealmScripts) {
    this.context = isolate.createContextSync();
    const enter: unknown = realm.runSync(this.context, { reference: true });
    this.#enter = enter as ivm.Reference<EnterRealm>;
    this.#enter.applySync(undefined, ['warm', warmUp, this.context]);
  }

  /** Makes a new realm one that can be invoked again and again. */
  harden(script: ivm.Script): void {
    const memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    this.#logNote = new Int32Array(memory);
    this.#enter.applySync(undefined, ['keep', memory], { arguments: { copy: true } });
    const hardened: unknown = script.runSync(this.context, { reference: true });
    const reference = hardened as ivm.Reference;
    this.#enter.applySync(undefined, ['harden', reference.derefInto({ release: true })] as never);
  }

  /**
   * Runs a script, or calls the function that it evaluates to, and settles the value. Returns the state of the execution
   * as `EnterRealm` words it.
   */
  run(setup: RealmSetup, script: ivm.Script, wrap: ScriptWrap, time: EntryTime): string {
    // One entry for all: each takes as long as a small script.
    const state = this.#apply(['run', ...argumentsOf(setup), script, this.context, wrap], time.entryMs());
    // Leaving the isolate ran the microtasks; they may have settled what was pending.
    return state.startsWith('p') ? this.#poll(time) : state;
  }

  /**
   * Calls what a warm realm has kept, for another invocation, within the limits that it was opened with. As `run`, and `d` when it cannot
   * be invoked any more.
   *
   * @param contextJson empty when it is that of the last one
   */
  invoke(contextJson: string, inputJson: string, { executionId, deadlineMs }: Invocation, time: EntryTime): string {
    if (this.#logNote) this.#logNote[0] = 0;
    this.#again ??= this.#function<InvokeAgain>('invoker');
    const args: Parameters<InvokeAgain> = [contextJson, executionId, deadlineMs, inputJson];
    const state = this.#again.applySync(undefined, args, { timeout: time.entryMs() });
    return state.startsWith('p') ? this.#poll(time) : state;
  }

  /**
   * Evaluates modules and settles the default export of the first, or what it returns. As `run`.
   *
   * @throws what the modules throw while they are evaluated, as isolated-vm copies it
   */
  runModules(setup: RealmSetup, { entry }: LinkedModules, time: EntryTime): string {
    this.#runsModules = true;
    // Nothing of the tenant's runs yet.
    this.#apply(['begin', ...argumentsOf(setup)], NO_TIMEOUT);
    entry.evaluateSync({ timeout: time.entryMs() });
    const namespace = entry.namespace;
    const state = this.#apply(['module', namespace.derefInto({ release: true })], time.entryMs());
    return state.startsWith('p') ? this.#poll(time) : state;
  }

  /** Runs the timer that is due, if one is, and the microtasks that follow. */
  tick(time: EntryTime): string {
    this.#apply(['tick'], time.laterEntryMs());
    return this.#poll(time);
  }

  /** Answers calls, and runs what waits for them. */
  deliver(answers: readonly CallAnswer[], time: EntryTime): string {
    let packed = '';
    for (const { call, kind, text } of answers) packed += `${call} ${kind} ${text.length}:${text}`;
    this.#deliver ??= this.#function<DeliverAnswers>('deliverer');
    this.#look ??= this.#function<() => string>('poller');
    this.#deliver.applySync(undefined, [packed], { timeout: time.laterEntryMs() });
    return this.#poll(time);
  }

  /** Empty when nothing was logged. @param timeoutMs 0 for none */
  logs(timeoutMs: number): string {
    return this.#logNote?.[0] === 0 ? '' : this.#apply(['logs'], timeoutMs);
  }

  release(): void {
    this.#deliver?.release();
    this.#look?.release();
    this.#again?.release();
    this.#enter.release();
    this.context.release();
  }

  #function<Function extends (...args: never[]) => unknown>(
    operation: 'deliverer' | 'poller' | 'invoker',
  ): ivm.Reference<Function> {
    const reference: unknown = this.#enter.applySync(undefined, [operation], { result: { reference: true } });
    return reference as ivm.Reference<Function>;
  }

  /** Code of tenants runs in it only while modules are evaluated; without a timeout, an entry takes half as long. */
  #poll(time: EntryTime): string {
    if (this.#runsModules) return this.#apply(['poll'], time.laterEntryMs());
    return this.#look ? this.#look.applySync() : (this.#enter.applySync(undefined, ['poll']) as string);
  }

  #apply(args: readonly unknown[], timeout: number): string {
    return this.#enter.applySync(undefined, args as never, { timeout }) as string;
  }
}

/** As the operations `run` and `begin` of `EnterRealm` take them. */
function argumentsOf({ limits, contextJson, inputJson, globalsJson, calls }: RealmSetup): readonly unknown[] {
  const { maxLogEntries, maxLogChars, maxResultChars } = limits;
  const { maxApiCalls = 0, maxApiCallsInFlight = 0, maxApiArgumentBytes = 0, extraApis = [] } = calls ?? {};
  const extraApisJson = extraApis.length === 0 ? '' : JSON.stringify(extraApis);
  const realm = [maxLogEntries, maxLogChars, maxResultChars, contextJson, inputJson, globalsJson];
  return [...realm, maxApiCalls, maxApiCallsInFlight, maxApiArgumentBytes, extraApisJson];
}

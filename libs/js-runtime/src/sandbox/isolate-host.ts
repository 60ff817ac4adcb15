import type ivm from 'isolated-vm';
import { KeptScripts } from '../protocol/kept-scripts.ts';
import type { CompileOutcome, HostMessage, ScriptHeader, ScriptLanguage, UnitHeader } from '../protocol/messages.ts';
import type { CallLine } from './call-line.ts';
import { Compiler, type LoadedCode, type Unit } from './compile.ts';
import type { EntryTimers } from './entry-timers.ts';
import { execute, type ExecutionOutput, type Program, type RealmTexts } from './execution.ts';
import { KeptHeap } from './kept-heap.ts';
import { linkModules, type ModuleUnit } from './link-modules.ts';
import type { IsolatedVm } from './native.ts';
import { Realm, type Invocation, type RealmScripts } from './realm.ts';
import type { RealmCode } from './realm-code.ts';
import { ParserOverflowed } from './strip-types.ts';
import { NotCompiled } from './syntax-error.ts';
import { UsedRealms } from './used-realms.ts';
import { TimeBudget } from './time-budget.ts';
import { WarmRealms, type WarmRealm } from './warm-realms.ts';

type NotCompiledOutcome = Extract<CompileOutcome, { kind: 'not-compiled' | 'not-held' | 'out-of-memory' }>;

/** What came along with the units of a request that have code: of each, the code and its cache. */
export type UnitCode = Iterator<Buffer, undefined>;

/** A unit came without code, and is not held. */
class NotHeld extends Error {}

export interface RunOutput extends ExecutionOutput {
  /** Indices of the units whose code cache V8 refused. */
  readonly refused: readonly number[];
}

export interface CompileOutput {
  readonly outcome: CompileOutcome;
  readonly codeCache?: Uint8Array | undefined;
  readonly javascript?: string | undefined;
}

/** What one invocation of a warm realm may take. */
export interface InvocationLimits {
  readonly timeoutMs: number;
  /** Only where nobody meters the process from outside. */
  readonly maxCpuMs: number | undefined;
  readonly exceedsMemory: (maxMemoryMb: number) => boolean;
}

/** One isolate, with the realm for its next execution made ahead of time and the scripts it has compiled. */
export class IsolateHost {
  /** Its heap limit. */
  readonly maxMemoryMb: number;
  readonly #isolate: ivm.Isolate;
  readonly #realmScripts: RealmScripts;
  readonly #compiler: Compiler;
  readonly #units = new KeptScripts<Unit>((unit) => {
    if (unit.kind === 'script') unit.script.release();
  });
  readonly #usedRealms: UsedRealms;
  readonly #warmRealms = new WarmRealms();
  readonly #keptHeap: KeptHeap;
  readonly #realmCode: RealmCode;
  readonly #timers: EntryTimers;
  /** Made when first needed. */
  #hardening: ivm.Script | undefined;
  #nextRealm: Realm | undefined;
  #wasInterrupted = false;

  constructor(ivmModule: IsolatedVm, maxMemoryMb: number, realmCode: RealmCode, timers: EntryTimers) {
    this.maxMemoryMb = maxMemoryMb;
    this.#isolate = new ivmModule.Isolate({
      memoryLimit: maxMemoryMb,
    });
    this.#realmScripts = realmCode.scriptsFor(this.#isolate);
    this.#realmCode = realmCode;
    this.#timers = timers;
    this.#compiler = new Compiler(ivmModule, this.#isolate);
    this.#usedRealms = new UsedRealms(this.#isolate);
    this.#keptHeap = new KeptHeap(maxMemoryMb);
    this.prepareRealm();
  }

  /**
   * Whether another should take its place. After an interrupt isolated-vm may throw a late error out of a later, unrelated
   * entry; and a script that was not done may have left anything. One that is out of memory ends with its process.
   */
  get isWorn(): boolean {
    return this.#wasInterrupted && !this.#isolate.isDisposed;
  }

  /** Makes the next execution's realm, so that it need not wait for it. */
  prepareRealm(): void {
    if (this.#isolate.isDisposed || this.#nextRealm) return;
    this.#usedRealms.add();
    this.#nextRealm = new Realm(this.#isolate, this.#realmScripts);
  }

  /** Runs a script, and calls `done` once, maybe before it returns. */
  run(
    request: HostMessage & { type: 'run' },
    texts: RealmTexts,
    code: UnitCode,
    calls: CallLine,
    exceedsMemory: () => boolean,
    done: (output: RunOutput) => void,
  ): void {
    const budget = new TimeBudget('run', this.#timers, request.timeoutMs, request.maxCpuMs);
    const { keep } = request;
    const realm = this.#takeRealm();
    if (keep !== undefined) realm.harden(this.#hardeningScript());
    const isolate = this.#isolate;
    const refused: number[] = [];
    let program: Program;
    try {
      program = this.#programOf(request.units, code, realm, refused);
    } catch (error) {
      // Nothing was run in the realm, but modules may have been linked into it.
      if (!isolate.isDisposed) realm.release();
      done({ outcome: this.#whyNotCompiled(error), resultJson: '', logs: [], refused });
      return;
    }
    // Nothing else is under way.
    const isWorn = (): boolean => false;
    execute({ isolate, realm, program, request, ...texts, calls, budget, exceedsMemory, isWorn }, (output) => {
      const { kind } = output.outcome;
      this.#wasInterrupted ||= kind === 'timed-out' || kind === 'out-of-cpu';
      const release = (): void => {
        if (isolate.isDisposed) return;
        if (program.kind === 'modules') program.modules.release();
        realm.release();
      };
      if (keep === undefined || isolate.isDisposed || this.#wasInterrupted) release();
      else this.#keep(keep, { realm, request, release });
      done({ ...output, refused });
    });
  }

  /** Whether an invocation of this realm that begins now begins at once, though others are under way. */
  mayBegin(number: number): boolean {
    const warm = this.#warmRealm(number);
    // Else it is answered that there is none.
    return !warm || this.#warmRealms.free(number) !== undefined || this.#scriptOf(warm) !== undefined;
  }

  /** Invokes a warm realm, or another like it while something is under way in that; calls `done` once, maybe before it returns. */
  invoke(
    number: number,
    invocation: Invocation,
    texts: Omit<RealmTexts, 'globalsJson'>,
    limits: InvocationLimits,
    calls: CallLine,
    done: (output: ExecutionOutput) => void,
  ): void {
    const warm = this.#warmRealm(number);
    if (!warm) {
      done({ outcome: { kind: 'not-held' }, resultJson: '', logs: [] });
      return;
    }
    const free = this.#warmRealms.free(number);
    if (free) {
      const contextJson = texts.contextJson === free.knownContextJson ? '' : texts.contextJson;
      free.knownContextJson = texts.contextJson;
      const { inputJson } = texts;
      this.#execute(number, free, { kind: 'kept', invocation }, { contextJson, inputJson }, limits, calls, done);
      return;
    }
    const script = this.#scriptOf(warm);
    if (!script) throw new Error('an invocation began in a realm that is in use');
    let another: WarmRealm;
    try {
      another = this.#another(number, warm);
    } catch (error) {
      if (!this.#isolate.isDisposed) throw error;
      done({ outcome: { kind: 'out-of-memory' }, resultJson: '', logs: [] });
      return;
    }
    const program = { kind: 'script' as const, script, wrap: 'function' as const };
    const context = { ...(JSON.parse(texts.contextJson) as object), ...invocation };
    const { inputJson } = texts;
    const asFirst = { contextJson: JSON.stringify(context), inputJson };
    this.#execute(number, another, program, asFirst, limits, calls, done);
  }

  #execute(
    number: number,
    warm: WarmRealm,
    program: Program,
    texts: Omit<RealmTexts, 'globalsJson'>,
    { timeoutMs, maxCpuMs, exceedsMemory }: InvocationLimits,
    calls: CallLine,
    done: (output: ExecutionOutput) => void,
  ): void {
    const { realm, request } = warm;
    warm.isInUse = true;
    const input = {
      isolate: this.#isolate,
      realm,
      program,
      request,
      calls,
      contextJson: texts.contextJson,
      inputJson: texts.inputJson,
      globalsJson: '',
      budget: new TimeBudget('invocation', this.#timers, timeoutMs, maxCpuMs),
      exceedsMemory: () => maxCpuMs !== undefined && exceedsMemory(request.maxMemoryMb),
      isWorn: () => this.#wasInterrupted,
    };
    execute(input, (output) => {
      const { kind } = output.outcome;
      if (output.isGivenUp) this.#warmRealms.drop(number, warm);
      else this.#wasInterrupted ||= kind === 'timed-out' || kind === 'out-of-cpu';
      if (kind === 'not-held') this.forget(number);
      // Whether it came so far as to hear of it, nobody knows.
      if (kind !== 'value' && kind !== 'undefined') warm.knownContextJson = '';
      this.#warmRealms.rest(warm);
      done(output);
    });
  }

  /** Undefined when it cannot be invoked. */
  #warmRealm(number: number): WarmRealm | undefined {
    return this.#isolate.isDisposed || this.#wasInterrupted ? undefined : this.#warmRealms.any(number);
  }

  /** What another realm like this one is made of, if there may be one: modules have state, which is in one. */
  #scriptOf({ request: { units } }: WarmRealm): ivm.Script | undefined {
    const [header] = units;
    if (header?.wrap !== 'function') return undefined;
    const unit = this.#units.get(header.key);
    return unit?.kind === 'script' ? unit.script : undefined;
  }

  #another(number: number, { request }: WarmRealm): WarmRealm {
    this.prepareRealm();
    const realm = this.#takeRealm();
    realm.harden(this.#hardeningScript());
    const release = (): void => {
      if (!this.#isolate.isDisposed) realm.release();
    };
    return this.#keep(number, { realm, request, release });
  }

  #keep(number: number, realm: Pick<WarmRealm, 'realm' | 'request' | 'release'>): WarmRealm {
    const kept = { ...realm, knownContextJson: '', isInUse: false, isDropped: false };
    this.#warmRealms.keep(number, kept);
    return kept;
  }

  #hardeningScript(): ivm.Script {
    return (this.#hardening ??= this.#realmCode.hardeningFor(this.#isolate));
  }

  /** How many warm realms it keeps. */
  get warmRealms(): number {
    return this.#warmRealms.size;
  }

  collectGarbage(): void {
    this.#usedRealms.collect();
  }

  /** Lets a warm realm go. */
  forget(number: number): void {
    this.#warmRealms.forget(number);
  }

  compile(header: ScriptHeader, language: ScriptLanguage, source: string): CompileOutput {
    try {
      const { unit, codeCache, javascript, imports } = this.#compiler.compile(header, language, source);
      this.#units.use(header.key, source.length, unit);
      return { outcome: { kind: 'compiled', imports }, codeCache, javascript };
    } catch (error) {
      if (error instanceof ParserOverflowed) return { outcome: { kind: 'parser-overflowed' } };
      return { outcome: this.#whyNotCompiled(error) };
    }
  }

  /** Links modules, and evaluates none. */
  link(units: readonly UnitHeader[], code: UnitCode): CompileOutcome {
    const realm = this.#takeRealm();
    try {
      const program = this.#programOf(units, code, realm, []);
      if (program.kind === 'modules') program.modules.release();
      return { kind: 'compiled', imports: [] };
    } catch (error) {
      return this.#whyNotCompiled(error);
    } finally {
      if (!this.#isolate.isDisposed) realm.release();
    }
  }

  /** Runs a constant script in a fresh realm. @throws when the isolate does not answer as it should */
  check(): void {
    const realm = this.#takeRealm();
    const limits = { maxLogEntries: 0, maxLogChars: 0, maxResultChars: 64 };
    const script = this.#isolate.compileScriptSync('6 * 7');
    const setup = { limits, contextJson: 'null', inputJson: '', globalsJson: '', calls: undefined };
    const state = realm.run(setup, script, 'script', { entryMs: () => 1000, laterEntryMs: () => 1000 });
    realm.release();
    if (state !== 'v42') throw new Error('the isolate cannot count');
  }

  heapBytes(): number {
    if (this.#isolate.isDisposed) return 0;
    const { used_heap_size, externally_allocated_size } = this.#isolate.getHeapStatisticsSync();
    return used_heap_size + externally_allocated_size;
  }

  /** Whether its warm realms keep more than they should; garbage is collected before that is said. */
  keepsTooMuch(): boolean {
    return this.#keptHeap.isTooMuch(this.heapBytes(), () => {
      this.collectGarbage();
      return this.heapBytes();
    });
  }

  dispose(): void {
    if (!this.#isolate.isDisposed) this.#isolate.dispose();
  }

  #takeRealm(): Realm {
    const realm = this.#nextRealm ?? new Realm(this.#isolate, this.#realmScripts);
    this.#nextRealm = undefined;
    return realm;
  }

  /** @throws NotCompiled, NotHeld */
  #programOf(headers: readonly UnitHeader[], code: UnitCode, realm: Realm, refused: number[]): Program {
    // Before any of them is made the most recently used one, which may push out another.
    const held = headers.map(({ key }) => this.#units.get(key));
    const units = headers.map((header, index) => {
      const { unit, isRefused } = this.#load(header, held[index], code);
      if (isRefused) refused.push(index);
      return { header, unit };
    });
    const modules: ModuleUnit[] = [];
    for (const { header, unit } of units) {
      if (unit.kind === 'script') return { kind: 'script', script: unit.script, wrap: header.wrap };
      modules.push({ header, source: unit.source });
    }
    const [first, ...others] = modules;
    if (!first) throw new Error('a request without units');
    return { kind: 'modules', modules: linkModules(this.#isolate, realm.context, [first, ...others]) };
  }

  #load(header: UnitHeader, kept: Unit | undefined, code: UnitCode): LoadedCode {
    const source = header.hasCode ? code.next().value?.toString('utf8') : undefined;
    const codeCache = header.hasCode ? code.next().value : undefined;
    if (!kept && source === undefined) throw new NotHeld();
    const loaded = kept
      ? { unit: kept, isRefused: false }
      : this.#compiler.load(header, source ?? '', codeCache?.byteLength ? codeCache : undefined);
    this.#units.use(header.key, header.sourceChars, loaded.unit);
    return loaded;
  }

  /** Why a source was not compiled: its own fault, or there was no memory left to compile it in. */
  #whyNotCompiled(error: unknown): NotCompiledOutcome {
    if (this.#isolate.isDisposed) return { kind: 'out-of-memory' };
    if (error instanceof NotCompiled) return { kind: 'not-compiled', error: error.info };
    if (error instanceof NotHeld) return { kind: 'not-held' };
    throw error;
  }
}

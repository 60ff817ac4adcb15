import type ivm from 'isolated-vm';
import { KeptScripts } from '../protocol/kept-scripts.ts';
import type { CompileOutcome, HostMessage, ScriptHeader } from '../protocol/messages.ts';
import { Compiler, NotCompiled, type CompiledSource } from './compile.ts';
import { execute, type ExecutionOutput } from './execution.ts';
import type { IsolatedVm } from './native.ts';
import { Realm, type RealmScripts } from './realm.ts';
import { TimeBudget } from './time-budget.ts';
import { REALM_FILE_NAME, REALM_SOURCE } from './realm/realm-source.ts';

type NotCompiledOutcome = Exclude<CompileOutcome, { kind: 'compiled' }>;

export interface RunOutput extends ExecutionOutput {
  readonly codeCache: Uint8Array | undefined;
}

/** One isolate, with the realm for its next execution made ahead of time and the scripts it has compiled. */
export class IsolateHost {
  /** Its heap limit. */
  readonly maxMemoryMb: number;
  readonly #isolate: ivm.Isolate;
  readonly #realmScripts: RealmScripts;
  readonly #compiler: Compiler;
  readonly #scripts = new KeptScripts<ivm.Script>((script) => {
    script.release();
  });
  #nextRealm: Realm | undefined;
  #wasInterrupted = false;

  constructor(ivmModule: IsolatedVm, maxMemoryMb: number) {
    this.maxMemoryMb = maxMemoryMb;
    this.#isolate = new ivmModule.Isolate({
      memoryLimit: maxMemoryMb,
    });
    this.#realmScripts = {
      realm: this.#isolate.compileScriptSync(REALM_SOURCE, { filename: REALM_FILE_NAME }),
      warmUp: this.#isolate.compileScriptSync('0'),
    };
    this.#compiler = new Compiler(ivmModule, this.#isolate);
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
    if (!this.#isolate.isDisposed) this.#nextRealm ??= new Realm(this.#isolate, this.#realmScripts);
  }

  async run(
    request: HostMessage & { type: 'run' },
    source: string,
    contextJson: string,
    inputJson: string,
    codeCache: Uint8Array | undefined,
    exceedsMemory: () => boolean,
  ): Promise<RunOutput> {
    const budget = new TimeBudget(request.timeoutMs, request.maxCpuMs);
    let compiled: CompiledSource;
    try {
      compiled = this.#scriptFor(request.script, source, codeCache);
    } catch (error) {
      return { outcome: this.#whyNotCompiled(error), resultJson: '', logs: [], codeCache: undefined };
    }
    const realm = this.#takeRealm();
    const isolate = this.#isolate;
    const { script } = compiled;
    const output = await execute({ isolate, realm, script, request, contextJson, inputJson, budget, exceedsMemory });
    const { kind } = output.outcome;
    this.#wasInterrupted ||= kind === 'timed-out' || kind === 'out-of-cpu';
    if (!this.#isolate.isDisposed) realm.release();
    return { ...output, codeCache: compiled.codeCache };
  }

  compile(header: ScriptHeader, source: string): { outcome: CompileOutcome; codeCache: Uint8Array | undefined } {
    try {
      return { outcome: { kind: 'compiled' }, codeCache: this.#scriptFor(header, source, undefined).codeCache };
    } catch (error) {
      return { outcome: this.#whyNotCompiled(error), codeCache: undefined };
    }
  }

  /** Runs a constant script in a fresh realm. @throws when the isolate does not answer as it should */
  check(): void {
    const realm = this.#takeRealm();
    realm.begin({ maxLogEntries: 0, maxLogChars: 0, maxResultChars: 64 }, 'null', '');
    const script = this.#isolate.compileScriptSync('6 * 7');
    const state = realm.run(script, 'script', { entryMs: () => 1000 });
    realm.release();
    if (state !== 'v42') throw new Error('the isolate cannot count');
  }

  heapBytes(): number {
    if (this.#isolate.isDisposed) return 0;
    const { used_heap_size, externally_allocated_size } = this.#isolate.getHeapStatisticsSync();
    return used_heap_size + externally_allocated_size;
  }

  dispose(): void {
    if (!this.#isolate.isDisposed) this.#isolate.dispose();
  }

  #takeRealm(): Realm {
    const realm = this.#nextRealm ?? new Realm(this.#isolate, this.#realmScripts);
    this.#nextRealm = undefined;
    return realm;
  }

  #scriptFor(header: ScriptHeader, source: string, codeCache: Uint8Array | undefined): CompiledSource {
    const kept = this.#scripts.get(header.key);
    const compiled = kept ? { script: kept, codeCache: undefined } : this.#compiler.compile(header, source, codeCache);
    this.#scripts.use(header.key, source.length, compiled.script);
    return compiled;
  }

  /** Why a source was not compiled: its own fault, or there was no memory left to compile it in. */
  #whyNotCompiled(error: unknown): NotCompiledOutcome {
    if (this.#isolate.isDisposed) return { kind: 'out-of-memory' };
    if (error instanceof NotCompiled) return { kind: 'not-compiled', error: error.info };
    throw error;
  }
}

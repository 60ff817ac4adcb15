import type ivm from 'isolated-vm';
import { MAX_KEPT_SCRIPTS, type CompileOutcome, type HostMessage, type ScriptHeader } from '../protocol/messages.ts';
import { Compiler, NotCompiled } from './compile.ts';
import { execute, type ExecutionOutput } from './execution.ts';
import type { IsolatedVm } from './native.ts';
import { Realm, type RealmScripts } from './realm.ts';
import { REALM_FILE_NAME, REALM_SOURCE } from './realm/realm-source.ts';

export interface RunOutput extends ExecutionOutput {
  readonly codeCache: Uint8Array | undefined;
}

/** One isolate, with the realm for its next execution made ahead of time and the scripts it has compiled. */
export class IsolateHost {
  readonly #isolate: ivm.Isolate;
  readonly #realmScripts: RealmScripts;
  readonly #compiler: Compiler;
  readonly #scripts = new Map<string, ivm.Script>();
  #nextRealm: Realm | undefined;

  constructor(ivmModule: IsolatedVm, maxMemoryMb: number) {
    this.#isolate = new ivmModule.Isolate({
      memoryLimit: maxMemoryMb,
      onCatastrophicError: () => process.exit(1),
    });
    this.#realmScripts = {
      realm: this.#isolate.compileScriptSync(REALM_SOURCE, { filename: REALM_FILE_NAME }),
      warmUp: this.#isolate.compileScriptSync('0'),
    };
    this.#compiler = new Compiler(ivmModule, this.#isolate);
    this.prepareRealm();
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
  ): Promise<RunOutput> {
    const deadline = performance.now() + request.timeoutMs;
    const compiled = this.#scriptFor(request.script, source, codeCache);
    if (compiled instanceof NotCompiled) {
      return {
        outcome: { kind: 'not-compiled', error: compiled.info },
        resultJson: '',
        logs: [],
        codeCache: undefined,
      };
    }
    const realm = this.#takeRealm();
    const { isolate, script } = { isolate: this.#isolate, script: compiled.script };
    const output = await execute({ isolate, realm, script, request, contextJson, inputJson, deadline });
    if (!this.#isolate.isDisposed) realm.release();
    return { ...output, codeCache: compiled.codeCache };
  }

  compile(header: ScriptHeader, source: string): { outcome: CompileOutcome; codeCache: Uint8Array | undefined } {
    const compiled = this.#scriptFor(header, source, undefined);
    if (compiled instanceof NotCompiled) {
      return { outcome: { kind: 'not-compiled', error: compiled.info }, codeCache: undefined };
    }
    return { outcome: { kind: 'compiled' }, codeCache: compiled.codeCache };
  }

  /** Runs a constant script in a fresh realm. @throws when the isolate does not answer as it should */
  check(): void {
    const realm = this.#takeRealm();
    realm.begin({ maxLogEntries: 0, maxLogChars: 0, maxResultChars: 64 }, 'null', '');
    const script = this.#isolate.compileScriptSync('6 * 7');
    const state = realm.run(script, 'script', () => 1000);
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

  #scriptFor(
    header: ScriptHeader,
    source: string,
    codeCache: Uint8Array | undefined,
  ): { script: ivm.Script; codeCache: Uint8Array | undefined } | NotCompiled {
    const kept = this.#scripts.get(header.key);
    if (kept) {
      this.#scripts.delete(header.key);
      this.#scripts.set(header.key, kept);
      return { script: kept, codeCache: undefined };
    }
    try {
      const compiled = this.#compiler.compile(header, source, codeCache);
      this.#scripts.set(header.key, compiled.script);
      const [oldest] = this.#scripts.keys();
      if (this.#scripts.size > MAX_KEPT_SCRIPTS && oldest !== undefined) {
        this.#scripts.get(oldest)?.release();
        this.#scripts.delete(oldest);
      }
      return compiled;
    } catch (error) {
      if (error instanceof NotCompiled) return error;
      throw error;
    }
  }
}

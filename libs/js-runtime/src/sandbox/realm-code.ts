import type ivm from 'isolated-vm';
import type { ApiHeader } from '../protocol/messages.ts';
import type { IsolatedVm } from './native.ts';
import type { RealmScripts } from './realm.ts';
import { REALM_FILE_NAME, realmSource, warmRealmSource } from './realm/realm-source.ts';

/**
 * What realms are opened with. It is compiled in an isolate that has not run anybody's code; the others
 * start with what came of that, which takes a third of their making off it.
 */
export class RealmCode {
  readonly #ivm: IsolatedVm;
  readonly #fresh: CachedCode;
  readonly #warm: CachedCode;

  /** @param apis what scripts may call, whichever is run */
  constructor(ivmModule: IsolatedVm, apis: readonly ApiHeader[]) {
    this.#ivm = ivmModule;
    this.#fresh = new CachedCode(ivmModule, realmSource(apis));
    this.#warm = new CachedCode(ivmModule, warmRealmSource(apis));
  }

  /** The first isolate that asks is to be new. */
  scriptsFor(isolate: ivm.Isolate): RealmScripts {
    return { realm: this.#fresh.compileIn(isolate), warmUp: isolate.compileScriptSync('0') };
  }

  /** For realms that are kept. */
  warmScriptsFor(isolate: ivm.Isolate): RealmScripts {
    if (!this.#warm.isCached) {
      const clean = new this.#ivm.Isolate();
      this.#warm.compileIn(clean);
      clean.dispose();
    }
    return { realm: this.#warm.compileIn(isolate), warmUp: isolate.compileScriptSync('0') };
  }
}

class CachedCode {
  readonly #ivm: IsolatedVm;
  readonly #source: string;
  #cachedData: ivm.ExternalCopy<ArrayBuffer> | undefined;

  constructor(ivmModule: IsolatedVm, source: string) {
    this.#ivm = ivmModule;
    this.#source = source;
  }

  get isCached(): boolean {
    return this.#cachedData !== undefined;
  }

  compileIn(isolate: ivm.Isolate): ivm.Script {
    const filename = REALM_FILE_NAME;
    if (this.#cachedData) {
      return isolate.compileScriptSync(this.#source, { filename, cachedData: this.#cachedData });
    }
    const script: ivm.Script & { readonly cachedData?: ivm.ExternalCopy<ArrayBuffer> } = isolate.compileScriptSync(
      this.#source,
      { filename, produceCachedData: true },
    );
    const bytes = script.cachedData?.copy();
    if (bytes) this.#cachedData = new this.#ivm.ExternalCopy(bytes);
    return script;
  }
}

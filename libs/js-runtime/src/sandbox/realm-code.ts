import type ivm from 'isolated-vm';
import type { ApiHeader } from '../protocol/messages.ts';
import type { IsolatedVm } from './native.ts';
import type { RealmScripts } from './realm.ts';
import { REALM_FILE_NAME, realmSource } from './realm/realm-source.ts';

/**
 * What realms are opened with. It is compiled in the first isolate of this process, before that has run anybody's code; the others
 * start with what came of that, which takes a third of their making off it.
 */
export class RealmCode {
  readonly #ivm: IsolatedVm;
  readonly #source: string;
  #cachedData: ivm.ExternalCopy<ArrayBuffer> | undefined;

  /** @param apis what scripts may call, whichever is run */
  constructor(ivmModule: IsolatedVm, apis: readonly ApiHeader[]) {
    this.#ivm = ivmModule;
    this.#source = realmSource(apis);
  }

  scriptsFor(isolate: ivm.Isolate): RealmScripts {
    return { realm: this.#compileIn(isolate), warmUp: isolate.compileScriptSync('0') };
  }

  #compileIn(isolate: ivm.Isolate): ivm.Script {
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

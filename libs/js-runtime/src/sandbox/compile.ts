import type ivm from 'isolated-vm';
import type { ScriptErrorInfo, ScriptHeader } from '../protocol/messages.ts';
import type { IsolatedVm } from './native.ts';
import { CAUGHT_NAME } from './realm/realm-source.ts';

export interface CompiledSource {
  readonly script: ivm.Script;
  /** V8's code cache, made only when the source had to be compiled without one. */
  readonly codeCache: Uint8Array | undefined;
}

/** The source is not JavaScript. */
export class NotCompiled extends Error {
  readonly info: ScriptErrorInfo;

  constructor(info: ScriptErrorInfo) {
    super(info.message);
    this.info = info;
  }
}

/**
 * Compiles a source in its wrapper. Both wrappers start the source on a line of its own, so that with a line offset of
 * -1 every position V8 reports is the author's:
 *
 * - `script`: inside `try { … } catch`, so that what it throws is flattened in its own realm. The completion value of
 *   the block is that of the script.
 * - `function`: as the body of an async function, the wrapper's completion value.
 *
 * @throws NotCompiled
 */
export class Compiler {
  readonly #ivm: IsolatedVm;
  readonly #isolate: ivm.Isolate;
  #bodyCheck: ivm.Reference<(body: string) => void> | undefined;

  constructor(ivmModule: IsolatedVm, isolate: ivm.Isolate) {
    this.#ivm = ivmModule;
    this.#isolate = isolate;
  }

  compile(header: ScriptHeader, source: string, codeCache: Uint8Array | undefined): CompiledSource {
    const text = this.#wrap(header, source, codeCache !== undefined);
    const options: ivm.ScriptInfo = { filename: header.name, lineOffset: -1 };
    if (codeCache) {
      const cachedData = new this.#ivm.ExternalCopy(exactBuffer(codeCache));
      const script = this.#compile(header, text, { ...options, cachedData }) as ivm.Script & CachedDataInfo;
      return { script, codeCache: undefined };
    }
    const script = this.#compile(header, text, { ...options, produceCachedData: true }) as ivm.Script & CachedDataInfo;
    return { script, codeCache: script.cachedData && new Uint8Array(script.cachedData.copy()) };
  }

  /**
   * A source with code cache was checked when the cache was made. Otherwise it has to be a whole script (or function
   * body) by itself first: one that closes the wrapper early would escape its `catch`.
   */
  #wrap(header: ScriptHeader, source: string, wasChecked: boolean): string {
    switch (header.wrap) {
      case 'script': {
        if (!wasChecked) this.#compile(header, source, { filename: header.name });
        const strict = this.#isStrict(header, source) ? "'use strict';" : '';
        // A hashbang is only a comment at the very start.
        const body = source.startsWith('#!') ? `//${source.slice(2)}` : source;
        return `${strict}try {\n${body}\n} catch (thrown) { ${CAUGHT_NAME}(thrown); }`;
      }
      case 'function': {
        const text = `(async function () {\n${source}\n})`;
        if (!wasChecked) {
          this.#compile(header, text, { filename: header.name, lineOffset: -1 });
          this.#checkFunctionBody(source);
        }
        return text;
      }
    }
  }

  /** A directive loses its meaning inside the `try`. `with` is a syntax error in strict code, and only there. */
  #isStrict(header: ScriptHeader, source: string): boolean {
    if (!source.includes('use strict')) return false;
    try {
      this.#compile(header, `${source}\n;with ({}) {}`, {});
      return false;
    } catch {
      return true;
    }
  }

  /** The function constructor parses a body by itself, in a context that never sees tenant code run. */
  #checkFunctionBody(source: string): void {
    this.#bodyCheck ??= this.#isolate
      .createContextSync()
      .evalSync('((AsyncFunction) => (body) => { new AsyncFunction(body); })((async () => {}).constructor)', {
        reference: true,
      }) as ivm.Reference<(body: string) => void>;
    try {
      this.#bodyCheck.applySync(undefined, [source]);
    } catch (error) {
      throw new NotCompiled(syntaxErrorInfo(error, undefined));
    }
  }

  #compile(header: ScriptHeader, text: string, options: ivm.ScriptInfo): ivm.Script {
    try {
      return this.#isolate.compileScriptSync(text, options);
    } catch (error) {
      throw new NotCompiled(syntaxErrorInfo(error, header.name));
    }
  }
}

interface CachedDataInfo {
  readonly cachedData?: ivm.ExternalCopy<ArrayBuffer>;
}

function exactBuffer(bytes: Uint8Array): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

/** isolated-vm appends the position to a syntax error's message: `Unexpected token ';' [name.js:2:10]`. */
function syntaxErrorInfo(error: unknown, scriptName: string | undefined): ScriptErrorInfo {
  const { name, message } = error as Error;
  const [, text, line, column] = /^(.*) \[[^\n]*:(\d+):(\d+)\]$/s.exec(message) ?? [];
  const info = { name, message: text ?? message };
  if (text === undefined || scriptName === undefined || Number(line) < 1) {
    return { ...info, stack: `${name}: ${info.message}` };
  }
  const stack = `${name}: ${info.message}\n    at ${scriptName}:${line}:${column}`;
  return { ...info, stack, line: Number(line), column: Number(column) };
}

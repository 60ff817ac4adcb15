import type ivm from 'isolated-vm';
import { MAX_CODE_CACHE_BYTES, type ScriptErrorInfo, type ScriptHeader } from '../protocol/messages.ts';
import type { IsolatedVm } from './native.ts';

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
 * Compiles sources: a classic script as it is, a function body as `(async function () { … })`, with the body on a line of
 * its own and a line offset of -1, so that every position V8 reports is the author's.
 */
export class Compiler {
  readonly #ivm: IsolatedVm;
  readonly #isolate: ivm.Isolate;
  #bodyCheck: ivm.Reference<(body: string) => void> | undefined;

  constructor(ivmModule: IsolatedVm, isolate: ivm.Isolate) {
    this.#ivm = ivmModule;
    this.#isolate = isolate;
  }

  /**
   * A source with code cache was checked when the cache was made.
   *
   * @throws NotCompiled
   */
  compile(header: ScriptHeader, source: string, codeCache: Uint8Array | undefined): CompiledSource {
    const isBody = header.wrap === 'function';
    const text = isBody ? `(async function () {\n${source}\n})` : source;
    const options: ivm.ScriptInfo = { filename: header.name, lineOffset: isBody ? -1 : 0 };
    if (codeCache) {
      const cachedData = new this.#ivm.ExternalCopy(exactBuffer(codeCache));
      return { script: this.#compile(header, text, { ...options, cachedData }), codeCache: undefined };
    }
    const script = this.#compile(header, text, { ...options, produceCachedData: true });
    // A body that closes the wrapper and opens another one compiles as well, but is not a body.
    if (isBody) this.#checkFunctionBody(source);
    const made = script.cachedData && new Uint8Array(script.cachedData.copy());
    return { script, codeCache: made && made.byteLength <= MAX_CODE_CACHE_BYTES ? made : undefined };
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

  #compile(header: ScriptHeader, text: string, options: ivm.ScriptInfo): ivm.Script & CachedDataInfo {
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

/** V8 quotes the source in a message, however long a regular expression or a label in it is. */
const MAX_MESSAGE_CHARS = 8192;

/** isolated-vm appends the position to a syntax error's message: `Unexpected token ';' [name.js:2:10]`. */
function syntaxErrorInfo(error: unknown, scriptName: string | undefined): ScriptErrorInfo {
  const { name, message } = error as Error;
  const [, text, line, column] = /^(.*) \[[^\n]*:(\d+):(\d+)\]$/s.exec(message) ?? [];
  const info = { name, message: (text ?? message).slice(0, MAX_MESSAGE_CHARS) };
  if (text === undefined || scriptName === undefined || Number(line) < 1) {
    return { ...info, stack: `${name}: ${info.message}` };
  }
  const stack = `${name}: ${info.message}\n    at ${scriptName}:${line}:${column}`;
  return { ...info, stack, line: Number(line), column: Number(column) };
}

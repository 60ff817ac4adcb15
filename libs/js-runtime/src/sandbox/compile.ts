import type ivm from 'isolated-vm';
import {
  MAX_CODE_CACHE_BYTES,
  MAX_IMPORTS,
  MAX_SPECIFIER_CHARS,
  type ScriptHeader,
  type ScriptLanguage,
} from '../protocol/messages.ts';
import { inBody, wrapBody } from './function-body.ts';
import type { IsolatedVm } from './native.ts';
import { stripTypes } from './strip-types.ts';
import { NotCompiled, parserError, syntaxError } from './syntax-error.ts';

/**
 * What an isolate keeps of a source. A module of V8's belongs to one realm, so it is made anew for each from the source; V8
 * remembers the code of every source that it has compiled lately, so that takes no time.
 */
export type Unit =
  { readonly kind: 'script'; readonly script: ivm.Script } | { readonly kind: 'module'; readonly source: string };

/** A source, checked, and what is worth keeping of it. */
export interface CompiledSource {
  readonly unit: Unit;
  readonly codeCache: Uint8Array | undefined;
  /** Of TypeScript. */
  readonly javascript: string | undefined;
  readonly imports: readonly string[];
}

/** Code that was compiled before, here or in another VM. */
export interface LoadedCode {
  readonly unit: Unit;
  /** Whether V8 would not have the code cache, and compiled the source instead. */
  readonly isRefused: boolean;
}

/** Compiles sources: a classic script as it is, a function body wrapped into a function, a module as it is. */
export class Compiler {
  readonly #ivm: IsolatedVm;
  readonly #isolate: ivm.Isolate;
  #bodyCheck: ivm.Reference<(body: string) => void> | undefined;

  constructor(ivmModule: IsolatedVm, isolate: ivm.Isolate) {
    this.#ivm = ivmModule;
    this.#isolate = isolate;
  }

  /** @throws NotCompiled, ParserOverflowed */
  compile(header: ScriptHeader, language: ScriptLanguage, source: string): CompiledSource {
    const javascript = language === 'typescript' ? stripTypes(header, source) : undefined;
    const text = javascript ?? source;
    if (header.wrap === 'module') {
      const imports = this.#importsOf(header, text);
      return { unit: { kind: 'module', source: text }, codeCache: undefined, javascript, imports };
    }
    const script = this.#compile(header, text, { produceCachedData: true });
    // A body that closes the wrapper and opens another one compiles as well, but is not a body.
    if (header.wrap === 'function') this.#checkFunctionBody(header, text);
    const made = script.cachedData && new Uint8Array(script.cachedData.copy());
    const codeCache = made && made.byteLength <= MAX_CODE_CACHE_BYTES ? made : undefined;
    return { unit: { kind: 'script', script }, codeCache, javascript, imports: [] };
  }

  /** Takes JavaScript that `compile` has checked. @throws NotCompiled */
  load(header: ScriptHeader, source: string, codeCache: Uint8Array | undefined): LoadedCode {
    if (header.wrap === 'module') return { unit: { kind: 'module', source }, isRefused: false };
    const cachedData = codeCache && new this.#ivm.ExternalCopy(exactBuffer(codeCache));
    const script = this.#compile(header, source, cachedData ? { cachedData } : {});
    return { unit: { kind: 'script', script }, isRefused: script.cachedDataRejected === true };
  }

  /** The function constructor parses a body by itself, in a context that never sees tenant code run. */
  #checkFunctionBody({ name }: ScriptHeader, source: string): void {
    this.#bodyCheck ??= this.#isolate
      .createContextSync()
      .evalSync('((AsyncFunction) => (body) => { new AsyncFunction(body); })((async () => {}).constructor)', {
        reference: true,
      }) as ivm.Reference<(body: string) => void>;
    try {
      this.#bodyCheck.applySync(undefined, [source]);
    } catch (error) {
      // Its positions are those of another wrapper.
      const { name: kind, message } = parserError(error, name);
      throw new NotCompiled(syntaxError(kind, message, name));
    }
  }

  #compile({ name, wrap }: ScriptHeader, source: string, options: ivm.ScriptInfo): ivm.Script & CachedDataInfo {
    const isBody = wrap === 'function';
    try {
      return this.#isolate.compileScriptSync(isBody ? wrapBody(source) : source, {
        ...options,
        filename: name,
        lineOffset: isBody ? -1 : 0,
      });
    } catch (error) {
      const info = parserError(error, name);
      throw new NotCompiled(isBody ? inBody(info, source) : info);
    }
  }

  #importsOf({ name }: ScriptHeader, source: string): readonly string[] {
    const module = compileModule(this.#isolate, name, source);
    const imports = [...new Set(module.dependencySpecifiers.map(specifierOf))];
    module.release();
    if (imports.length > MAX_IMPORTS) {
      throw new NotCompiled(
        syntaxError('SyntaxError', `A module may import from ${MAX_IMPORTS} others, not from ${imports.length}`, name),
      );
    }
    if (imports.some((specifier) => specifier.length > MAX_SPECIFIER_CHARS)) {
      throw new NotCompiled(
        syntaxError('SyntaxError', `A module specifier may have ${MAX_SPECIFIER_CHARS} characters`, name),
      );
    }
    return imports;
  }
}

/** A specifier as it is in the source: isolated-vm 7.0.1 takes each byte of its UTF-8 for a character. */
export function specifierOf(raw: string): string {
  return Buffer.from(raw, 'latin1').toString('utf8');
}

/** @throws NotCompiled */
export function compileModule(isolate: ivm.Isolate, name: string, source: string): ivm.Module {
  try {
    return isolate.compileModuleSync(source, { filename: name });
  } catch (error) {
    throw new NotCompiled(parserError(error, name));
  }
}

interface CachedDataInfo {
  readonly cachedData?: ivm.ExternalCopy<ArrayBuffer>;
  readonly cachedDataRejected?: boolean;
}

function exactBuffer(bytes: Uint8Array): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

import type { ScriptLanguage, ScriptWrap } from '../protocol/messages.ts';
import type { RequestedLimits } from '../security/resource-limits.ts';

/** A source that is known to compile, for one tenant. Holds no machine code: that stays in the cache and in the VMs. */
export interface CompiledScript {
  /** The same for the same tenant, name, wrap, language and source. */
  readonly id: string;
  /** File name in stack traces. */
  readonly name: string;
  /** SHA-256 of the source, in hexadecimal. */
  readonly sourceHash: string;
  readonly wrap: ScriptWrap;
  readonly language: ScriptLanguage;
  readonly tenantId: string;
  readonly source: string;
  /** Size of the source in bytes of UTF-8. */
  readonly sourceBytes: number;
}

/** How a source is read. */
export interface SourceOptions {
  /**
   * `script`: its completion value is the result. `function`: it is the body of an async function. `module`: its default export
   * is the result, or is called with `(input, context)`. Default `script`.
   */
  readonly wrap?: ScriptWrap | undefined;
  /** Types are taken out of `typescript`, nothing else is changed. Default `javascript`. */
  readonly language?: ScriptLanguage | undefined;
}

export interface CompileOptions extends SourceOptions {
  /** Whether what a module imports is resolved, compiled and linked, too. Default true. */
  readonly link?: boolean | undefined;
  /** Limits of this compilation; they can only be tighter than the tenant's. */
  readonly limits?: RequestedLimits | undefined;
  /** Cancels the compilation, wherever it is. */
  readonly signal?: AbortSignal | undefined;
}

import type { SourceOptions } from '../compiler/compiled-script.ts';
import type { RequestedLimits } from '../security/resource-limits.ts';

/** How it is read counts only for a source, not for a compiled script. */
export interface ExecuteOptions extends SourceOptions {
  /** File name that stack traces show. Default `script.js`. Only with a source, not with a compiled script. */
  readonly name?: string | undefined;
  /** Any JSON value; the script sees it as the frozen global `input`. */
  readonly input?: unknown;
  /** Limits of this execution; they can only be tighter than the configured ones. */
  readonly limits?: RequestedLimits | undefined;
  /**
   * `fresh`: in a realm that nobody has used. `warm`: in one that is kept for this script and used again, where nobody can change what
   * is there; only for the wraps `function`, which keeps nothing from one to the next, and `module`, whose own variables stay.
   * Default `fresh`.
   */
  readonly realm?: 'fresh' | 'warm' | undefined;
  /** Cancels the execution, wherever it is. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Id under which `cancel()` finds the execution and logs name it: 1 to 128 letters, digits or any of `_ . : -`, that no
   * other execution of the tenant has which has not ended. Default a random UUID.
   */
  readonly executionId?: string | undefined;
}

/** How a function is to be prepared. Its limits are those of each invocation. */
export interface PrepareOptions extends Pick<ExecuteOptions, 'name' | 'language' | 'limits' | 'signal'> {
  readonly wrap: 'function' | 'module';
}

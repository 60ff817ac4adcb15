import type { ScriptWrap } from '../protocol/messages.ts';
import type { RequestedLimits } from '../security/resource-limits.ts';

export interface ExecuteOptions {
  /** File name that stack traces show. Default `script.js`. Only with a source, not with a compiled script. */
  readonly name?: string | undefined;
  /** How a source is read: `script` (its completion value is the result) or `function` (an async function body). Default `script`. */
  readonly wrap?: ScriptWrap | undefined;
  /** Any JSON value; the script sees it as the frozen global `input`. */
  readonly input?: unknown;
  /** Limits of this execution; they can only be tighter than the configured ones. */
  readonly limits?: RequestedLimits | undefined;
  /** Cancels the execution, wherever it is. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Id under which `cancel()` finds the execution and logs name it: 1 to 128 letters, digits or any of `_ . : -`, that no
   * other execution of the tenant has which has not ended. Default a random UUID.
   */
  readonly executionId?: string | undefined;
}

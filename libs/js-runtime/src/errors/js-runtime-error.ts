import type { UsageReceipt } from '../metrics/usage-receipt.ts';
import type { LogEntry, ScriptErrorInfo } from '../protocol/messages.ts';
import { ERROR_CODES, type ErrorCode } from './error-codes.ts';

/** A script's error as its author is told of it. */
export interface ScriptErrorReport extends ScriptErrorInfo {
  /** The lines around the position, with a mark at it; only with COMPILATION_FAILED. */
  readonly codeFrame?: string | undefined;
}

/** What an error may carry beside its message. Every field is safe to show to the tenant. */
export interface ErrorDetails {
  /** The limit that was hit, by the name of its option. */
  readonly limit?: { readonly name: string; readonly allowed: number; readonly used?: number };
  /** What the script threw, or why it does not compile. */
  readonly error?: ScriptErrorReport;
  /** Where the script was when it was stopped, where known. */
  readonly stack?: string;
  /** In how many milliseconds the same call may succeed, as measured; only with errors that are retryable. */
  readonly retryAfterMs?: number;
  /** The rules that were broken, one line each. */
  readonly issues?: readonly string[];
}

/** The one error class of this library. Tell cases apart by `code`. */
export class JsRuntimeError extends Error {
  override readonly name = 'JsRuntimeError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  /** The execution that failed; undefined when it failed before it had an id. */
  executionId: string | undefined;
  /** What the script had logged until then; undefined when it did not run, or its VM had to be killed. */
  logs: readonly LogEntry[] | undefined;
  /** What it had used until then; undefined when it failed before it had a tenant and limits. */
  usage: UsageReceipt | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    const { stackTraceLimit } = Error;
    // A refusal is nobody's fault. Where the call came from takes longer to find out than all else, just when there is no time for it.
    const hasStack = !ERROR_CODES[code].retryable || typeof stackTraceLimit !== 'number';
    // Read before: nothing may throw while no error has a stack.
    const cause = options && { cause: options.cause };
    if (!hasStack) Reflect.set(Error, 'stackTraceLimit', 0);
    super(message, cause);
    if (!hasStack) Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
    this.code = code;
    this.details = details;
  }

  /** Whether the same call may succeed later without being changed. */
  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}

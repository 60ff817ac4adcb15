import type { TenantContext } from '../tenancy/tenant-context.ts';

/** What a method of a host API is told of the call, beside its arguments. All of it is the backend's own word, none the script's. */
export interface ScriptCall {
  readonly tenant: TenantContext['tenant'];
  /** Everything that the caller of `execute` has entered: tenant, user and request. */
  readonly context: TenantContext;
  readonly executionId: string;
  /**
   * Fires when nobody waits for the answer any more: the execution has ended, for whatever reason, or the method's `timeoutMs`
   * has passed. What the method has begun should be undone then; what it returns is dropped.
   */
  readonly signal: AbortSignal;
  /** Milliseconds until the execution or this call runs out of time, whichever is first; at least 1. */
  readonly remainingMs: number;
  /** The most that the answer may have as JSON, in bytes. */
  readonly maxResultBytes: number;
}

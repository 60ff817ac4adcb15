/** What an error code means to an HTTP client. The script's fault is 4xx, ours is 5xx. */
export interface ErrorCodeInfo {
  readonly status: number;
  /** Whether the same request may succeed later without being changed. */
  readonly retryable: boolean;
  readonly title: string;
}

/** The closed set of error codes. */
export const ERROR_CODES = {
  /** The request or an option is malformed; the message says what is allowed. */
  INVALID_REQUEST: { status: 400, retryable: false, title: 'Invalid request' },
  /** No or wrong credentials. */
  UNAUTHENTICATED: { status: 401, retryable: false, title: 'Not authenticated' },
  /** The caller may not do this, or the script called a host API that its tenant may not. */
  PERMISSION_DENIED: { status: 403, retryable: false, title: 'Permission denied' },
  /** The source, with what it imports, is larger than `maxSourceBytes`, or more than `maxModules`. */
  SCRIPT_TOO_LARGE: { status: 413, retryable: false, title: 'Script too large' },
  /** The input, as JSON, is larger than `maxInputBytes`. */
  INPUT_TOO_LARGE: { status: 413, retryable: false, title: 'Input too large' },
  /** The source is not JavaScript, or imports what is not there. `details.error` has the position. */
  COMPILATION_FAILED: { status: 422, retryable: false, title: 'Compilation failed' },
  /** The script threw, or a promise rejected and nothing handled it. */
  SCRIPT_ERROR: { status: 422, retryable: false, title: 'Script error' },
  /** The result is not JSON: a function, symbol, BigInt or cycle. */
  RESULT_NOT_SERIALIZABLE: { status: 422, retryable: false, title: 'Result not serializable' },
  /** The result, as JSON, is larger than `maxResultBytes`. */
  RESULT_TOO_LARGE: { status: 422, retryable: false, title: 'Result too large' },
  /** `timeoutMs` passed, waiting for a VM included. */
  WALL_TIME_LIMIT_EXCEEDED: { status: 422, retryable: false, title: 'Wall-time limit exceeded' },
  /** The script used more CPU time than `maxCpuMs`. */
  CPU_TIME_LIMIT_EXCEEDED: { status: 422, retryable: false, title: 'CPU-time limit exceeded' },
  /** The isolate's heap, or the memory of its process, grew past `maxMemoryMb`. */
  MEMORY_LIMIT_EXCEEDED: { status: 422, retryable: false, title: 'Memory limit exceeded' },
  /** The script called host APIs more than `maxApiCalls` times, or had more than `maxApiCallsInFlight` calls under way. */
  API_CALL_LIMIT_EXCEEDED: { status: 422, retryable: false, title: 'API-call limit exceeded' },
  /** The script called a host API with arguments that break its rules, or are larger than `maxApiArgumentBytes`. */
  API_CALL_INVALID: { status: 422, retryable: false, title: 'API call invalid' },
  /** What a host API gave is larger than `maxApiResultBytes`. */
  API_RESULT_TOO_LARGE: { status: 422, retryable: false, title: 'API result too large' },
  /** A host API failed. It may have had effects; the log of the backend has the cause. */
  API_CALL_FAILED: { status: 502, retryable: false, title: 'API call failed' },
  /** A host API took longer than it may. It may have had effects. */
  API_CALL_TIMED_OUT: { status: 504, retryable: false, title: 'API call timed out' },
  /** The caller gave up: its AbortSignal fired, or `cancel()` was called. */
  CANCELLED: { status: 499, retryable: false, title: 'Cancelled' },
  /** A wiring fault: the caller never entered a tenant. */
  TENANT_CONTEXT_MISSING: { status: 500, retryable: false, title: 'Tenant context missing' },
  /** The tenant runs as many scripts as it may, and its queue is full or the deadline passed in it. */
  TENANT_BUSY: { status: 429, retryable: true, title: 'Tenant busy' },
  /** No VM came free before the deadline, the queue of all tenants is full, or no VM can be started. */
  POOL_EXHAUSTED: { status: 503, retryable: true, title: 'Pool exhausted' },
  /** The backend is under more load than it can bear: nothing new is begun until that is over. */
  OVERLOADED: { status: 503, retryable: true, title: 'Overloaded' },
  /** The backend is stopping. */
  SHUTTING_DOWN: { status: 503, retryable: true, title: 'Shutting down' },
  /** The VM died and nobody knows why. The script may have had effects: it is never re-run silently. */
  VM_CRASHED: { status: 502, retryable: false, title: 'VM crashed' },
} as const satisfies Record<string, ErrorCodeInfo>;

export type ErrorCode = keyof typeof ERROR_CODES;

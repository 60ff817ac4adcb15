/** What the backend itself has to say, beside what the runtime and the HTTP layer refuse. */
export const BACKEND_PROBLEMS = {
  /** The tenant would keep more than it may. */
  QUOTA_EXCEEDED: { status: 409, retryable: false, title: 'Quota exceeded' },
  /** Redis, where what is saved is, does not answer. */
  STORAGE_UNAVAILABLE: { status: 503, retryable: true, title: 'Storage unavailable' },
} as const;

export type BackendProblemCode = keyof typeof BACKEND_PROBLEMS;

/** An error of the backend's own. Its message is safe to show to the tenant. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';

  constructor(
    readonly code: BackendProblemCode,
    message: string,
    readonly limit?: { readonly name: string; readonly allowed: number; readonly used: number },
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

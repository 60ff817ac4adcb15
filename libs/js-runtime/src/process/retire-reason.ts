/** Why a VM process ended. Whoever ends it says so; `crashed` is left for the case that nobody did. */
export type RetireReason =
  /** It ran past its deadline, or its isolate had to be interrupted. */
  | 'wall'
  /** Its isolate hit the heap limit. */
  | 'memory'
  /** The execution in it was cancelled. */
  | 'cancelled'
  /** It sent what no VM process sends. */
  | 'protocol'
  /** It did not answer a health check. */
  | 'unhealthy'
  /** It was not ready within `vmCreateTimeoutMs`. */
  | 'start'
  /** The pool closes. */
  | 'shutdown'
  /** It died by itself. */
  | 'crashed';

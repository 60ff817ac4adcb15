/** Every reason for which a VM process ends. Whoever ends it says why; `crashed` is left for the case that nobody did. */
export const RETIRE_REASONS = [
  /** It did not stop at its deadline. */
  'wall',
  /** It used more CPU than `maxCpuMs`. */
  'cpu',
  /** It used more memory than `maxMemoryMb` lets it, or keeps too much of it while idle. */
  'memory',
  /** It burnt so much CPU that its priority was lowered, and the backend may not raise it again. */
  'lowered',
  /** The execution in it was cancelled. */
  'cancelled',
  /** It sent what no VM process sends. */
  'protocol',
  /** Its parser of TypeScript ran out of stack. */
  'parser',
  /** It did not pass a health check. */
  'unhealthy',
  /** It was not ready within `vmCreateTimeoutMs`. */
  'start',
  /** It reached `vmMaxAgeMs`. */
  'age',
  /** It reached `vmMaxUses`. */
  'uses',
  /** There are more than `poolSize`, and nobody waits. */
  'overflow',
  /** The load is high, and it was idle. */
  'load',
  /** Another tenant needed it, and the process must not serve two. */
  'rebind',
  /** The pool closes. */
  'shutdown',
  /** It died by itself. */
  'crashed',
] as const;

export type RetireReason = (typeof RETIRE_REASONS)[number];

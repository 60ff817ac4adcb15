/** In rising order. What each changes is at `LoadMonitor`. */
export const LOAD_LEVELS = ['normal', 'elevated', 'critical'] as const;
export type LoadLevel = (typeof LOAD_LEVELS)[number];

/** What can raise the level. */
export const LOAD_CAUSES = ['memory', 'eventLoopDelay', 'queueWait'] as const;
export type LoadCause = (typeof LOAD_CAUSES)[number];

/** How loaded the backend is, as it was measured last. */
export interface LoadStats {
  readonly level: LoadLevel;
  /** What holds it there; empty when the level is `normal`. */
  readonly causes: readonly LoadCause[];
  /** How often each level was entered since the start; the first `normal` does not count. */
  readonly entered: Readonly<Record<LoadLevel, number>>;
  /** Of the backend and its VM processes together. */
  readonly memory: {
    readonly usedBytes: number;
    readonly limitBytes: number;
    /** Where the limit comes from: the container's cgroup, the option, or what the machine has. */
    readonly limitedBy: 'cgroup' | 'option' | 'machine';
  };
  /** How late the event loop was, in the last interval of measuring, in milliseconds. */
  readonly eventLoopDelayMs: { readonly mean: number; readonly p99: number; readonly max: number };
  /** How long those were waiting for a VM that got one in the last interval, or wait still: the 90th percentile, in milliseconds. */
  readonly queueWaitMs: number;
}

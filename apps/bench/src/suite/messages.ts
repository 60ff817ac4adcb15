/** What the process of a peer is told, and what it answers: one answer to each. */
export type Request =
  | { readonly do: 'prepare'; readonly workload: string; readonly tenants: number; readonly warmUpMs: number }
  | { readonly do: 'measure'; readonly load: Load };

export interface Load {
  readonly inFlight: number;
  /** Idle time before each run. 0 is a caller in a loop; more, a backend that has other things to do. */
  readonly gapMs: number;
  /** What is run before, and not counted. */
  readonly rampMs: number;
  /** How long it is measured: longer when there have not been so many runs by then, but never beyond `mostMs`. */
  readonly forMs: number;
  readonly minRuns: number;
  readonly mostMs: number;
}

export type Answer =
  | { readonly is: 'started'; readonly version?: string }
  | { readonly is: 'prepared' }
  | { readonly is: 'measured'; readonly round: Round }
  | { readonly is: 'failed'; readonly reason: string; readonly isWrongResult: boolean };

export interface Round {
  readonly timesMs: readonly number[];
  /** That the counted runs took, all together. */
  readonly wallMs: number;
  /** All that were run, the uncounted ones too: what CPU time is divided by. */
  readonly runs: number;
}

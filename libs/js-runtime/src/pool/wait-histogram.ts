/** Upper bounds in milliseconds; what takes longer than the last is counted apart. */
export const WAIT_BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000] as const;

/** How long leases were waited for. */
export interface WaitStats {
  /** Leases, which is the sum of `counts`. */
  readonly count: number;
  readonly sumMs: number;
  /** Upper bounds of the buckets. */
  readonly boundsMs: readonly number[];
  /** Leases by bucket, not cumulative; one more than there are bounds: the last is for longer waits. */
  readonly counts: readonly number[];
}

export class WaitHistogram {
  readonly #counts = Array.from({ length: WAIT_BOUNDS_MS.length + 1 }, () => 0);
  #sumMs = 0;

  record(waitedMs: number): void {
    const index = WAIT_BOUNDS_MS.findIndex((bound) => waitedMs <= bound);
    const bucket = index === -1 ? WAIT_BOUNDS_MS.length : index;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sumMs += waitedMs;
  }

  snapshot(): WaitStats {
    const counts = [...this.#counts];
    return { count: counts.reduce((sum, n) => sum + n, 0), sumMs: this.#sumMs, boundsMs: WAIT_BOUNDS_MS, counts };
  }
}

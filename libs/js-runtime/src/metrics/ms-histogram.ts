/**
 * Upper bounds in milliseconds, for all that is measured here: from a trivial script on a warm VM to the longest limit that is
 * usual. Three in each power of ten up to ten seconds, so that a quantile is off by 2.5 times at most. What takes longer than the last is counted apart.
 */
export const TIME_BOUNDS_MS = [
  0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000,
] as const;

/** How long things took, since the start. */
export interface MsHistogramStats {
  /** How many there were, which is the sum of `counts`. */
  readonly count: number;
  readonly sumMs: number;
  /** Upper bounds of the buckets, which they include. */
  readonly boundsMs: readonly number[];
  /** By bucket, not cumulative; one more than there are bounds: the last is for what took longer. */
  readonly counts: readonly number[];
}

export class MsHistogram {
  readonly #counts = Array.from({ length: TIME_BOUNDS_MS.length + 1 }, () => 0);
  #sumMs = 0;

  record(ms: number): void {
    const index = TIME_BOUNDS_MS.findIndex((bound) => ms <= bound);
    const bucket = index === -1 ? TIME_BOUNDS_MS.length : index;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sumMs += ms;
  }

  snapshot(): MsHistogramStats {
    const counts = [...this.#counts];
    return { count: counts.reduce((sum, n) => sum + n, 0), sumMs: this.#sumMs, boundsMs: TIME_BOUNDS_MS, counts };
  }
}

import { TIME_BOUNDS_MS, type MsHistogramStats } from '../metrics/ms-histogram.ts';

/** The percentile that is told of. */
const PERCENTILE = 0.9;

/**
 * How long it took, or takes, to get a VM lately, from what is counted anyway: the difference between two snapshots of the
 * histogram, and those who wait still.
 */
export class RecentWaits {
  #before: readonly number[] = [];

  /** The 90th percentile since this was last asked for, in milliseconds; of leases, the upper bound of their bucket. */
  percentileMs({ counts }: MsHistogramStats, stillWaitingMs: readonly number[]): number {
    const waits = stillWaitingMs.map((ms) => ({ ms, count: 1 }));
    for (const [index, count] of counts.entries()) {
      const recent = count - (this.#before[index] ?? 0);
      if (recent > 0) waits.push({ ms: TIME_BOUNDS_MS[index] ?? 2 * (TIME_BOUNDS_MS.at(-1) ?? 0), count: recent });
    }
    this.#before = counts;
    waits.sort((one, other) => one.ms - other.ms);
    let left = Math.ceil(PERCENTILE * waits.reduce((sum, { count }) => sum + count, 0));
    for (const { ms, count } of waits) {
      left -= count;
      if (left <= 0) return ms;
    }
    return 0;
  }
}

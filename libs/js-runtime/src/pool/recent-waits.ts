/** The percentile that is told of. */
const PERCENTILE = 0.9;

/** How long it took, or takes, to get a VM lately. Exactly: of a histogram's bucket only the bounds are known, and twice as long is another level. */
export class RecentWaits {
  /** Of those that had to wait. */
  #waitedMs: number[] = [];
  #leasesBefore = 0;

  /** One that had to wait has its VM. */
  waited(ms: number): void {
    this.#waitedMs.push(ms);
  }

  /**
   * The 90th percentile since this was last asked for, in milliseconds: of leases, most of which are had at once, and of those
   * who wait still.
   *
   * @param leases that there were since the start
   */
  percentileMs(leases: number, stillWaitingMs: readonly number[]): number {
    const atOnce = Math.max(0, leases - this.#leasesBefore - this.#waitedMs.length);
    const waits = [...this.#waitedMs, ...stillWaitingMs].sort((one, other) => one - other);
    this.#leasesBefore = leases;
    this.#waitedMs = [];
    const rank = Math.ceil(PERCENTILE * (atOnce + waits.length));
    return waits[rank - atOnce - 1] ?? 0;
  }
}

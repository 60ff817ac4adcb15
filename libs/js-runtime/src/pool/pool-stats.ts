/** One snapshot. `created - destroyed = available + inUse + ending`. */
export interface PoolStats {
  /** VMs that could be leased now. */
  readonly available: number;
  /** VMs that are leased now. */
  readonly inUse: number;
  /** VMs that were told to end, or did, and whose process is not gone yet. */
  readonly ending: number;
  /** VMs being started. */
  readonly starting: number;
  /** Callers that wait for a VM. */
  readonly waiting: number;
  /** VMs that became ready, since the start. */
  readonly created: number;
  /** VMs that ended after they had become ready, since the start. */
  readonly destroyed: number;
  /** Starts that failed, since the start. */
  readonly errors: number;
}

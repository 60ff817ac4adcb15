import type { ErrorCode } from '../errors/error-codes.ts';
import type { RetireReason } from '../process/retire-reason.ts';
import type { WarmStats } from '../process/warm-counts.ts';
import type { BreakerState } from './start-gate.ts';
import type { MsHistogramStats } from '../metrics/ms-histogram.ts';

/**
 * One snapshot, taken at once. It always holds that
 *
 * - `created - destroyed = available + recycling + inUse + ending`: VMs that are there,
 * - `destroyed` is the sum of `destroyedBy`,
 * - `requested - waiting = waits.count + sum of refused`: everybody got a lease, was refused, or waits,
 * - `waits.count - released` is the number of leases that are held,
 * - `available + recycling + inUse + ending + starting <= maxVms`.
 */
export interface PoolStats {
  /** False once it drains. */
  readonly accepting: boolean;
  /** VMs that are idle. */
  readonly available: number;
  /** VMs that make their next realm, get a new isolate or are checked. */
  readonly recycling: number;
  /** VMs that are leased. */
  readonly inUse: number;
  /** VMs that were told to end, or did, and whose process is not gone yet. */
  readonly ending: number;
  /** VMs being started. */
  readonly starting: number;
  /** Of all VMs that are there or start, those beyond `poolSize`; those that end do not count. */
  readonly overflow: number;
  /** Callers that wait for a VM. */
  readonly waiting: number;
  /**
   * Warm realms; `waiting`: invocations that wait for VMs which their function has, or is to have; `fresh`: those that were run in
   * fresh realms, as their function breaks each that is kept.
   */
  readonly warm: WarmStats & { readonly waiting: number; readonly fresh: number };
  /** VMs that became ready, since the start. */
  readonly created: number;
  /** VMs that ended after they had become ready, since the start. */
  readonly destroyed: number;
  /** The same, by reason. */
  readonly destroyedBy: Readonly<Record<RetireReason, number>>;
  /** Starts that failed, since the start. */
  readonly errors: number;
  /** Whether starts are tried at all. */
  readonly breaker: BreakerState;
  /** Leases asked for, since the start. */
  readonly requested: number;
  /** Leases refused, by error code. */
  readonly refused: Readonly<Partial<Record<ErrorCode, number>>>;
  /** Leases given back. */
  readonly released: number;
  /** How long the leases were waited for. */
  readonly waits: MsHistogramStats;
}

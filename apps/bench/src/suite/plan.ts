import type { Load } from './messages.ts';
import type { Workload } from './workload.ts';

/** How thoroughly it is measured. */
export interface Plan {
  readonly rounds: number;
  /** Of a process that has run nothing yet: Node compiles what runs often. */
  readonly firstWarmUpMs: number;
  readonly warmUpMs: number;
  readonly rampMs: number;
  readonly forMs: number;
  readonly minRuns: number;
  readonly mostMs: number;
  readonly inFlight: readonly number[];
  readonly tenants: readonly number[];
}

/** Some 18 minutes with all peers on two cores. */
export const FULL: Plan = {
  rounds: 3,
  firstWarmUpMs: 2000,
  warmUpMs: 300,
  rampMs: 30,
  forMs: 300,
  minRuns: 10,
  mostMs: 3000,
  inFlight: [1, 8, 32],
  tenants: [1, 100],
};

/** Whether it works, not what it comes to. */
export const QUICK: Plan = {
  rounds: 1,
  firstWarmUpMs: 300,
  warmUpMs: 50,
  rampMs: 10,
  forMs: 60,
  minRuns: 3,
  mostMs: 1000,
  inFlight: [1, 8],
  tenants: [1, 100],
};

export const SPACED_GAP_MS = 2;

/** One of the conditions that a workload is measured under. */
export interface Condition {
  readonly tenants: number;
  readonly inFlight: number;
  /** Above 0 for requests that come one at a time, with a gap. */
  readonly gapMs: number;
}

export function conditionsOf(plan: Plan, tenants: number): Condition[] {
  const spaced = tenants === 1 ? [{ tenants, inFlight: 1, gapMs: SPACED_GAP_MS }] : [];
  return [...spaced, ...plan.inFlight.map((inFlight) => ({ tenants, inFlight, gapMs: 0 }))];
}

export function loadOf({ rampMs, forMs, minRuns, mostMs }: Plan, { inFlight, gapMs }: Condition): Load {
  return { inFlight, gapMs, rampMs, forMs, minRuns, mostMs };
}

export function stepsOf(plan: Plan, workloads: readonly Workload[], peers: number): number {
  const conditions = plan.tenants.flatMap((tenants) => conditionsOf(plan, tenants)).length;
  return workloads.length * conditions * plan.rounds * peers;
}

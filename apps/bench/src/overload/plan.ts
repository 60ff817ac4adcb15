import type { Bounds } from './target.ts';

/** How long, how often, how much. */
export interface Plan {
  readonly rounds: number;
  /** Of each level in each round. */
  readonly levelMs: number;
  /** At its beginning, not counted: queues fill. */
  readonly risingMs: number;
  /** Offered, in times of what can be done. */
  readonly factors: readonly number[];
  /** Tenants that offer load at the same time, as many of them as of each other. */
  readonly tenants: number;
  /** Of closed loops, to find out what can be done: none of them may be refused. */
  readonly inFlight: number;
  readonly bounds: Bounds;
  readonly neighbour: {
    /** Of the polite tenant, evenly. */
    readonly perSecond: number;
    /** Of the flooding one, in times of what can be done. */
    readonly factor: number;
    /** Of its endless loops: each takes a VM until its time is over. */
    readonly loopsPerSecond: number;
  };
}

/** The library's defaults, which the report tells of. */
const BOUNDS: Bounds = {
  poolSize: 10,
  tenantConcurrency: 5,
  tenantQueueSize: 100,
  queueSize: 1000,
  timeoutMs: 30_000,
};

export const FULL: Plan = {
  rounds: 5,
  levelMs: 5000,
  risingMs: 1000,
  factors: [0.5, 0.8, 1, 1.5, 2, 5, 10],
  tenants: 8,
  inFlight: 64,
  bounds: BOUNDS,
  neighbour: { perSecond: 200, factor: 10, loopsPerSecond: 200 },
};

/** Whether it works, not what it comes to. */
export const QUICK: Plan = {
  ...FULL,
  rounds: 1,
  levelMs: 500,
  risingMs: 100,
  factors: [0.5, 10],
  tenants: 2,
  inFlight: 8,
  bounds: { ...BOUNDS, poolSize: 4, tenantConcurrency: 2, tenantQueueSize: 20, queueSize: 100 },
  neighbour: { perSecond: 10, factor: 10, loopsPerSecond: 50 },
};

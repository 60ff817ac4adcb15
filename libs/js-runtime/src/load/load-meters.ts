import type { LoadStats } from './load-stats.ts';

/** What the load is measured with. The default looks at this process, its VMs and its container; tests inject faults. */
export interface LoadMeters {
  /** Begins to measure. */
  start(): void;
  /** @param vmBytes what the VM processes take, for where nothing else knows what they and the backend take together */
  memory(vmBytes: () => number): LoadStats['memory'];
  /** How late the event loop was since this was last asked for. */
  eventLoopDelayMs(): LoadStats['eventLoopDelayMs'];
  stop(): void;
}

export const LOAD_METERS = Symbol('LOAD_METERS');

import type { CacheStats } from '../compiler/cache/artifact-cache.ts';
import type { LoadStats } from '../load/load-stats.ts';
import type { ExecutionStats } from '../metrics/execution-metrics.ts';
import type { PoolStats } from '../pool/pool-stats.ts';

/** Counters since the start, and the state of the parts. */
export interface RuntimeMetrics {
  readonly executionsTotal: number;
  /** Of these, those that ended in an error of any kind. */
  readonly executionErrors: number;
  /** Of these, those that ran out of wall time. */
  readonly timeoutsTotal: number;
  readonly executions: ExecutionStats;
  readonly compilationCache: CacheStats;
  readonly pool: PoolStats;
  readonly load: LoadStats;
}

import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { LoadMonitor } from '../load/load-monitor.ts';
import type { LoadStats } from '../load/load-stats.ts';
import type { PoolStats } from '../pool/pool-stats.ts';
import { VmPoolService } from '../pool/vm-pool.service.ts';
import { ScriptCheck } from './script-check.ts';
import { StopNotice } from './stop-notice.ts';

const KEY = 'jsRuntime';

/**
 * Terminus indicators, one for each question that is asked of a backend. Details say what is wrong, and how many VMs are in which
 * state and callers wait; no counters, because probes are often public, and those tell what single tenants do.
 */
@Injectable()
export class JsRuntimeHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly pool: VmPoolService,
    private readonly load: LoadMonitor,
    private readonly stopNotice: StopNotice,
    private readonly scripts: ScriptCheck,
  ) {}

  /**
   * Does the process still do anything? Up whenever it answers, for whoever does not wait for the answer for ever: whatever
   * scripts do, while it drains, and under any load. To end it for that would end all that runs, and help nobody.
   */
  isLive(key = KEY): HealthIndicatorResult {
    return this.indicators.check(key).up({ eventLoopDelayMs: this.load.stats().eventLoopDelayMs });
  }

  /** Is it done with starting? Up once as many VMs have been there as there should be, and from then on. */
  isStarted(key = KEY): HealthIndicatorResult {
    const indicator = this.indicators.check(key);
    const pool = poolDetails(this.pool.stats());
    if (this.pool.hasBeenFull) return indicator.up({ pool });
    return indicator.down({ pool, message: 'the pool has not been filled yet' });
  }

  /**
   * Should it be sent executions? Up while a VM could be leased, or could soon, VMs that end can be replaced, the load is not
   * critical, and nobody has told the backend to stop.
   */
  isReady(key = KEY): HealthIndicatorResult {
    const indicator = this.indicators.check(key);
    const stats = this.pool.stats();
    const load = this.load.stats();
    const details = { pool: poolDetails(stats), load: { level: load.level, causes: load.causes } };
    const problem = this.stopNotice.isGiven ? 'shutting down' : whyNotReady(stats, load);
    return problem === undefined ? indicator.up(details) : indicator.down({ ...details, message: problem });
  }

  /** Can a script be run? Up when one, really run in a VM, comes to what it should, all within 2 s. Safe to be called often. */
  async runsScripts(key = KEY): Promise<HealthIndicatorResult> {
    const { problem, tookMs } = await this.scripts.run();
    const { level, causes } = this.load.stats();
    const details = { pool: poolDetails(this.pool.stats()), load: { level, causes }, tookMs };
    const indicator = this.indicators.check(key);
    return problem === undefined ? indicator.up(details) : indicator.down({ ...details, message: problem });
  }
}

type PoolDetails = Pick<
  PoolStats,
  'accepting' | 'breaker' | 'available' | 'recycling' | 'inUse' | 'ending' | 'starting' | 'waiting'
>;

function poolDetails(stats: PoolStats): PoolDetails {
  const { accepting, breaker, available, recycling, inUse, ending, starting, waiting } = stats;
  return { accepting, breaker, available, recycling, inUse, ending, starting, waiting };
}

function whyNotReady(
  { accepting, breaker, available, recycling, inUse, starting }: PoolStats,
  { level, causes }: LoadStats,
): string | undefined {
  if (!accepting) return 'shutting down';
  if (available + recycling + inUse + starting === 0) return 'there is no VM, and none starts';
  if (breaker !== 'closed') return `VMs fail to start: the breaker is ${breaker}`;
  if (level === 'critical') return `overloaded: ${causes.join(', ')}`;
  return undefined;
}

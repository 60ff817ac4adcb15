import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { PoolStats } from '../pool/pool-stats.ts';
import { VmPoolService } from '../pool/vm-pool.service.ts';
import { StopNotice } from './stop-notice.ts';

/** Terminus indicator: can a script be run now? */
@Injectable()
export class JsRuntimeHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly pool: VmPoolService,
    private readonly stopNotice: StopNotice,
  ) {}

  /**
   * Up while a VM could be leased, or could soon, and VMs that end can be replaced. The details say what is wrong, and how many
   * VMs are in which state and callers wait; no counters, because probes are often public, and those tell what single tenants do.
   */
  isReady(key = 'jsRuntime'): HealthIndicatorResult {
    const indicator = this.indicators.check(key);
    const stats = this.pool.stats();
    const { accepting, breaker, available, recycling, inUse, ending, starting, waiting } = stats;
    const pool = { accepting, breaker, available, recycling, inUse, ending, starting, waiting };
    const problem = this.stopNotice.isGiven ? 'shutting down' : whyNotReady(stats);
    return problem === undefined ? indicator.up({ pool }) : indicator.down({ pool, message: problem });
  }
}

function whyNotReady({ accepting, breaker, available, recycling, inUse, starting }: PoolStats): string | undefined {
  if (!accepting) return 'shutting down';
  if (available + recycling + inUse + starting === 0) return 'there is no VM, and none starts';
  if (breaker !== 'closed') return `VMs fail to start: the breaker is ${breaker}`;
  return undefined;
}

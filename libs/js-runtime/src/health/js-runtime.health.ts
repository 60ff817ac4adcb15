import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { VmPoolService } from '../pool/vm-pool.service.ts';

/** Terminus indicator: can a script be run now? */
@Injectable()
export class JsRuntimeHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly pool: VmPoolService,
  ) {}

  /** Up while there is at least one VM that is idle or at work. */
  isReady(key = 'jsRuntime'): HealthIndicatorResult {
    const indicator = this.indicators.check(key);
    const stats = this.pool.stats();
    if (stats.available + stats.inUse > 0) return indicator.up({ pool: stats });
    return indicator.down({ pool: stats, message: 'no VM is ready' });
  }
}

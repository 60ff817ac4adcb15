import type { LoadMeters } from '../src/load/load-meters.ts';
import type { LoadStats } from '../src/load/load-stats.ts';

/** Measures what a test says. */
export class FakeLoadMeters implements LoadMeters {
  memoryPercent = 10;
  delayMs = 0;
  isRunning = false;

  start(): void {
    this.isRunning = true;
  }

  memory(): LoadStats['memory'] {
    return { usedBytes: this.memoryPercent * 1000, limitBytes: 100_000, limitedBy: 'option' };
  }

  eventLoopDelayMs(): LoadStats['eventLoopDelayMs'] {
    return { mean: this.delayMs, p99: this.delayMs, max: this.delayMs };
  }

  stop(): void {
    this.isRunning = false;
  }
}

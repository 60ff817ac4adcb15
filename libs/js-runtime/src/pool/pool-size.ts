import type { CompiledOptions } from '../config/options.schema.ts';
import type { LoadMonitor } from '../load/load-monitor.ts';

/** While the load is high, this share of the VMs is kept, and not one less. */
const SHARE_OF_VMS = 1 / 2;
/** And this share of the queues may be used. */
const SHARE_OF_QUEUES = 1 / 4;

/** How large the pool should be now: less while the load is high, so that what runs has what it needs. */
export class PoolSize {
  constructor(
    private readonly options: Pick<CompiledOptions, 'poolSize'>,
    private readonly load: Pick<LoadMonitor, 'level'>,
  ) {}

  get isReduced(): boolean {
    return this.load.level !== 'normal';
  }

  /** Whether nothing new may be begun. */
  get isClosed(): boolean {
    return this.load.level === 'critical';
  }

  /** VMs that should be there. At least one, so that there is something to recover with. */
  get wanted(): number {
    const { poolSize } = this.options;
    return this.isReduced ? Math.max(1, Math.ceil(SHARE_OF_VMS * poolSize)) : poolSize;
  }

  get mayOverflow(): boolean {
    return !this.isReduced;
  }

  get queueShare(): number {
    return this.isReduced ? SHARE_OF_QUEUES : 1;
  }
}

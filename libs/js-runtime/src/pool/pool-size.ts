import type { CompiledOptions } from '../config/options.schema.ts';
import type { LoadMonitor } from '../load/load-monitor.ts';

/** While the load is high, this share of the VMs is kept, and not one less. */
const SHARE_OF_VMS = 1 / 2;
/** And this share of the queues may be used. */
const SHARE_OF_QUEUES = 1 / 4;

/** How large the pool should be now: less while the load is high, so that what runs has what it needs. */
export class PoolSize {
  constructor(
    private readonly options: Pick<CompiledOptions, 'poolSize' | 'maxVms'>,
    private readonly load: Pick<LoadMonitor, 'level'>,
  ) {}

  get isReduced(): boolean {
    return this.load.level !== 'normal';
  }

  /** Whether nothing new may be begun. */
  get isClosed(): boolean {
    return this.load.level === 'critical';
  }

  /**
   * VMs that are kept ready: what is missing of them is started, what idles beyond them ends. At least one, so that there is
   * something to recover with.
   */
  get wanted(): number {
    const { poolSize } = this.options;
    return this.isReduced ? Math.max(1, Math.ceil(SHARE_OF_VMS * poolSize)) : poolSize;
  }

  /**
   * VMs that there may be while somebody waits. Of the configured size while the load is elevated: if those who are let in waited
   * for half of it, the waits alone would make it critical.
   */
  get most(): number {
    const { poolSize, maxVms } = this.options;
    if (this.isClosed) return this.wanted;
    return this.isReduced ? poolSize : maxVms;
  }

  get queueShare(): number {
    return this.isReduced ? SHARE_OF_QUEUES : 1;
  }
}

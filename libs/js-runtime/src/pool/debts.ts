import type { AdmissionQueue } from '../admission/admission-queue.ts';
import type { TenantLine } from '../admission/tenant-line.ts';
import { isFree, isThere, type Fleet } from './fleet.ts';
import type { VmLease } from './vm-lease.ts';
import type { VmStarter } from './vm-starter.ts';

/**
 * A tenant's place stays taken while the VM that it cost is missing: else one that wears out VMs, alone or not, would have more
 * than its share, and leave nothing to those who come.
 */
export class Debts {
  /** Oldest first. */
  readonly #owing: TenantLine<VmLease>[] = [];

  constructor(
    private readonly fleet: Fleet,
    private readonly queue: AdmissionQueue<VmLease>,
    private readonly starter: VmStarter,
    /** How many VMs there should be. */
    private readonly size: () => number,
  ) {}

  add(line: TenantLine<VmLease>): void {
    this.#owing.push(line);
  }

  /** Settles those for which there is a VM again, and all when nobody would miss one: most are free, or none can be started. */
  settle(): void {
    if (this.#owing.length === 0) return;
    const matters = this.starter.breaker === 'closed' && this.fleet.count(isFree) <= this.size() / 2;
    const most = matters ? Math.max(0, this.size() - this.fleet.count(isThere)) : 0;
    const settled = Math.max(0, this.#owing.length - most);
    for (const line of this.#owing.splice(0, settled)) this.queue.settled(line);
  }
}

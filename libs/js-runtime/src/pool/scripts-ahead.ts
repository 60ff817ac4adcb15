import type { TenantBoundary } from '../config/tenant-policy.ts';
import type { RetireReason } from '../process/retire-reason.ts';
import type { LinkRequest } from '../process/vm-request.ts';
import { isFree, type Fleet } from './fleet.ts';
import type { PooledVm } from './pooled-vm.ts';
import type { PoolVm } from './vm-factory.ts';

/** A script that the tenant will want of a VM which does not hold it; undefined when there is none. Never rejects. */
export type FindMissing = (
  tenantId: string,
  vm: Pick<PoolVm, 'held' | 'isolateMemoryMb'>,
) => Promise<LinkRequest | undefined> | undefined;

/** What one of {@link FindMissing} could not be loaded from: it is not to be found again. */
export type ForgetScripts = (tenantId: string, request: LinkRequest) => void;

/** Reasons for which a VM ends although its tenant may be about to want it. */
const UNTIMELY: readonly RetireReason[] = [
  'wall',
  'cpu',
  'memory',
  'lowered',
  'cancelled',
  'parser',
  'crashed',
  'age',
  'uses',
];

/** Has VMs load what their tenant has used lately, while nobody needs them: a request of the tenant that comes meanwhile waits for one script at most. */
export class ScriptsAhead {
  find: FindMissing | undefined;
  forget: ForgetScripts | undefined;

  constructor(
    private readonly fleet: Fleet,
    /** Whether VMs have better things to do. */
    private readonly isBusy: () => boolean,
    private readonly onChange: () => void,
  ) {}

  /** One script: a VM is asked once for each of its executions, so that no tenant gets more of this than it runs itself. */
  loadInto(pooled: PooledVm): void {
    const { tenantId } = pooled;
    if (tenantId === undefined || this.isBusy()) return;
    // Mostly there is nothing to wait for: this is asked after each execution.
    void this.find?.(tenantId, pooled.vm)?.then((request) => {
      // It may have become anybody's meanwhile.
      if (request && this.#isIdleOf(tenantId, pooled)) void this.#load(tenantId, pooled, request);
    });
  }

  /** A VM has ended that was a tenant's: if that had no other, one that is nobody's becomes its own, where another is left to others. */
  async standIn(tenantId: string, boundary: TenantBoundary, endedFor: RetireReason): Promise<void> {
    if (!UNTIMELY.includes(endedFor) || this.isBusy() || this.#hasOther(tenantId)) return;
    const fresh = this.#nobodys();
    const request = fresh && (await this.find?.(tenantId, fresh.vm));
    if (!request || !this.#isIdleOf(undefined, fresh) || this.#hasOther(tenantId) || !this.#nobodys()) return;
    fresh.assign(tenantId, boundary);
    await this.#load(tenantId, fresh, request);
  }

  async #load(tenantId: string, pooled: PooledVm, request: LinkRequest): Promise<void> {
    const load = { isDone: false };
    await pooled.recycle('load', async () => {
      const { outcome } = await pooled.vm.link(request);
      load.isDone = outcome.kind === 'compiled';
    });
    // Else it would cost a VM after each execution.
    if (!load.isDone) this.forget?.(tenantId, request);
    this.onChange();
  }

  #isIdleOf(tenantId: string | undefined, pooled: PooledVm): boolean {
    return pooled.state === 'idle' && pooled.tenantId === tenantId && !this.isBusy();
  }

  #hasOther(tenantId: string): boolean {
    return this.fleet.has((pooled) => isFree(pooled) && pooled.tenantId === tenantId);
  }

  /** Undefined when there are not two. One whose process has served nobody: that is fit for any boundary. */
  #nobodys(): PooledVm | undefined {
    const all = [...this.fleet].filter(
      ({ state, tenantId, isShared }) => state === 'idle' && tenantId === undefined && !isShared,
    );
    return all.length > 1 ? all[0] : undefined;
  }
}

import { TenantRealms, type KeptRealm } from './kept-realm.ts';
import { RecencyList } from './recency-list.ts';
import { WarmCounts } from './warm-counts.ts';

/** What may be kept warm. */
export interface WarmLimits {
  /** Realms of one VM. */
  readonly maxRealmsPerVm: number;
  /** Realms of one tenant in all its VMs; where memory is short it may have the same part of that. */
  readonly maxRealmsPerTenant: number;
  /** Realms of all VMs. */
  readonly maxRealms: number;
  /** What they may take. */
  readonly maxBytes: number;
  readonly maxIdleMs: number;
  readonly maxUses: number;
}

/**
 * What all VMs together may keep warm, and who has to go when that is too much: what a tenant has beyond its own part, else what
 * nobody has used for the longest time.
 */
export class WarmBudget {
  readonly counts = new WarmCounts();
  readonly #byRecency = new RecencyList<KeptRealm>();
  readonly #tenants = new Map<string, TenantRealms>();
  readonly #tenantBytes: number;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(readonly limits: WarmLimits) {
    this.#tenantBytes = limits.maxBytes * Math.min(1, limits.maxRealmsPerTenant / limits.maxRealms);
  }

  of(tenantId: string): TenantRealms {
    const found = this.#tenants.get(tenantId);
    if (found) return found;
    const made = new TenantRealms(tenantId);
    this.#tenants.set(tenantId, made);
    return made;
  }

  add(realm: KeptRealm): void {
    const { tenant } = realm;
    this.#byRecency.add(realm.inPool);
    tenant.byRecency.add(realm.ofTenant);
    tenant.count++;
    this.counts.kept++;
    this.#watchIdle(this.limits.maxIdleMs);
  }

  used(realm: KeptRealm): void {
    this.#byRecency.touch(realm.inPool);
    realm.tenant.byRecency.touch(realm.ofTenant);
  }

  remove(realm: KeptRealm): void {
    const { tenant } = realm;
    this.#byRecency.remove(realm.inPool);
    tenant.byRecency.remove(realm.ofTenant);
    tenant.count--;
    this.counts.kept--;
    if (tenant.count === 0) this.#tenants.delete(tenant.tenantId);
  }

  /** Those of a tenant take so much more, or less. */
  take(tenant: TenantRealms, bytes: number): void {
    tenant.bytes += bytes;
    this.counts.bytes += bytes;
  }

  /** Lets go of what is too much now that a tenant has more than before. */
  enforce(tenant: TenantRealms): void {
    const { maxRealmsPerTenant, maxRealms, maxBytes } = this.limits;
    while (tenant.count > maxRealmsPerTenant) evict(tenant.byRecency.oldest, 'tenant');
    while (this.counts.kept > maxRealms) evict(this.#byRecency.oldest, 'pool');
    while (this.counts.bytes > maxBytes) {
      const isTooMuchOfIt = tenant.bytes > this.#tenantBytes;
      evict(isTooMuchOfIt ? tenant.byRecency.oldest : this.#byRecency.oldest, 'memory');
    }
  }

  #watchIdle(ms: number): void {
    if (this.#idleTimer) return;
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = undefined;
      this.#evictIdle();
    }, ms).unref();
  }

  #evictIdle(): void {
    const { maxIdleMs } = this.limits;
    for (;;) {
      const { oldest } = this.#byRecency;
      if (!oldest) return;
      const leftMs = oldest.usedAt + maxIdleMs - performance.now();
      if (leftMs >= 0) {
        this.#watchIdle(Math.ceil(leftMs) + 1);
        return;
      }
      oldest.evict(oldest, 'idle');
    }
  }
}

function evict(realm: KeptRealm | undefined, reason: 'tenant' | 'pool' | 'memory'): void {
  if (!realm) throw new Error('more is counted than is kept');
  realm.evict(realm, reason);
}

import { KeptRealm, type KeepAs, type TenantRealms } from './kept-realm.ts';
import type { LinkedModules } from './linked-modules.ts';
import { RecencyList } from './recency-list.ts';
import type { WarmBudget } from './warm-budget.ts';
import type { EvictionReason } from './warm-counts.ts';

/** What a hardened realm takes by itself, about. However little a VM seems to keep, each counts for that. */
export const LEAST_REALM_BYTES = 128 * 1024;

/** The warm realms of one VM, by key. They are all of one tenant. */
export class WarmRealmTable {
  readonly #kept = new Map<string, KeptRealm>();
  readonly #byRecency = new RecencyList<KeptRealm>();
  #lastNumber = 0;
  /** What they take together. */
  #bytes = 0;

  /** @param onDrop told the number of each that is to go */
  constructor(
    private readonly budget: WarmBudget,
    private readonly onDrop: (number: number) => void,
  ) {}

  get size(): number {
    return this.#kept.size;
  }

  /** A number that no realm has had, for one that is to be made. */
  next(): number {
    this.budget.counts.misses++;
    return ++this.#lastNumber;
  }

  keep({ key, tenantId, linked }: KeepAs, number: number): void {
    this.drop(key);
    const tenant = this.budget.of(tenantId);
    const realm = new KeptRealm(key, linked, number, tenant, this.#evict);
    this.#kept.set(key, realm);
    this.#byRecency.add(realm.inVm);
    this.budget.add(realm);
    this.#take(tenant, LEAST_REALM_BYTES);
    const { oldest } = this.#byRecency;
    if (oldest && this.#kept.size > this.budget.limits.maxRealmsPerVm) this.#evict(oldest, 'vm');
    this.budget.enforce(tenant);
  }

  has(key: string): boolean {
    return this.#kept.has(key);
  }

  /** What the modules of the realm of this key import. */
  linked(key: string): LinkedModules | undefined {
    return this.#kept.get(key)?.linked;
  }

  /**
   * The number of the realm for one more invocation. Undefined when there is none, it has had its time, or its modules are others.
   *
   * @param version of its modules; undefined where there are none
   */
  use(key: string, version?: string): number | undefined {
    const realm = this.#kept.get(key);
    if (realm?.linked?.version !== version || !realm) return undefined;
    const { maxUses, maxIdleMs } = this.budget.limits;
    const now = performance.now();
    if (realm.uses >= maxUses || now - realm.usedAt > maxIdleMs) {
      this.#evict(realm, realm.uses >= maxUses ? 'uses' : 'idle');
      return undefined;
    }
    this.budget.counts.hits++;
    realm.uses++;
    realm.usedAt = now;
    this.#byRecency.touch(realm.inVm);
    this.budget.used(realm);
    return realm.number;
  }

  /** By so much its process has grown since it keeps any. */
  grown(bytes: number): void {
    const { oldest } = this.#byRecency;
    if (!oldest) return;
    this.#take(oldest.tenant, Math.max(bytes, this.size * LEAST_REALM_BYTES) - this.#bytes);
    this.budget.enforce(oldest.tenant);
  }

  drop(key: string): void {
    const realm = this.#kept.get(key);
    if (!realm) return;
    this.#remove(realm);
    this.onDrop(realm.number);
  }

  /** Its modules are others now. */
  dropOutdated(key: string, version: string): void {
    const realm = this.#kept.get(key);
    if (realm?.linked?.version === version) this.#evict(realm, 'imports');
  }

  /** Drops a script's, whatever its limits. @param prefix what their keys begin with, up to a space */
  dropAll(prefix: string): void {
    for (const key of [...this.#kept.keys()]) if (key === prefix || key.startsWith(`${prefix} `)) this.drop(key);
  }

  /** The isolate that they were in is gone. */
  clear(): void {
    this.budget.counts.losses += this.#kept.size;
    for (const realm of this.#kept.values()) this.#remove(realm);
  }

  readonly #evict = (realm: KeptRealm, reason: EvictionReason): void => {
    this.budget.counts.evictions[reason]++;
    this.drop(realm.key);
  };

  #remove(realm: KeptRealm): void {
    // Which of them takes what is not known.
    this.#take(realm.tenant, -Math.ceil(this.#bytes / this.#kept.size));
    this.#kept.delete(realm.key);
    this.#byRecency.remove(realm.inVm);
    this.budget.remove(realm);
  }

  #take(tenant: TenantRealms, bytes: number): void {
    this.#bytes += bytes;
    this.budget.take(tenant, bytes);
  }
}

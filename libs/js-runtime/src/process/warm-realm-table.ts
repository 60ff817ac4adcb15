import type { WarmCounts } from './warm-counts.ts';

/** What a VM keeps warm. */
export interface WarmLimits {
  /** Realms of one VM. */
  readonly maxRealms: number;
  readonly maxIdleMs: number;
  readonly maxUses: number;
}

interface Kept {
  readonly realm: number;
  uses: number;
  usedAt: number;
}

/** The warm realms of one VM, by key; the least recently used go first. */
export class WarmRealmTable {
  readonly #kept = new Map<string, Kept>();
  /** At the end of them, if it is one of them. */
  #latest: Kept | undefined;
  #lastRealm = 0;

  /** @param onDrop told of each that is to go */
  constructor(
    private readonly limits: WarmLimits,
    private readonly counts: WarmCounts,
    private readonly onDrop: (realm: number) => void,
  ) {}

  get size(): number {
    return this.#kept.size;
  }

  /** A number that no realm has had, for one that is to be made. */
  next(): number {
    this.counts.misses++;
    return ++this.#lastRealm;
  }

  keep(key: string, realm: number): void {
    this.drop(key);
    this.#latest = { realm, uses: 1, usedAt: performance.now() };
    this.#kept.set(key, this.#latest);
    this.counts.kept++;
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.limits.maxRealms) break;
      this.#evict(oldest);
    }
  }

  /** The realm for one more invocation. Undefined when there is none, or it has had its time. */
  use(key: string): number | undefined {
    const kept = this.#kept.get(key);
    if (!kept) return undefined;
    const now = performance.now();
    if (kept.uses >= this.limits.maxUses || now - kept.usedAt > this.limits.maxIdleMs) {
      this.#evict(key);
      return undefined;
    }
    this.counts.hits++;
    kept.uses++;
    kept.usedAt = now;
    if (kept !== this.#latest) {
      this.#latest = kept;
      this.#kept.delete(key);
      this.#kept.set(key, kept);
    }
    return kept.realm;
  }

  drop(key: string): void {
    const kept = this.#kept.get(key);
    if (!kept) return;
    this.#kept.delete(key);
    this.counts.kept--;
    this.onDrop(kept.realm);
  }

  #evict(key: string): void {
    this.counts.evictions++;
    this.drop(key);
  }

  /** Drops a script's, whatever its limits. @param prefix what their keys begin with, up to a space */
  dropAll(prefix: string): void {
    for (const key of [...this.#kept.keys()]) if (key === prefix || key.startsWith(`${prefix} `)) this.drop(key);
  }

  /** The isolate that they were in is gone. */
  clear(): void {
    this.counts.kept -= this.#kept.size;
    this.counts.losses += this.#kept.size;
    this.#kept.clear();
  }
}

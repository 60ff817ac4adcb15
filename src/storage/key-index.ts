import type { Entry, Excess, KeyQuery, Quota } from './quota-storage.ts';
import { SortedList } from './sorted-list.ts';

interface Indexed {
  readonly key: string;
  readonly bytes: number;
  /** Of `Date.now()`; there until that is later. */
  readonly expiresAtMs: number;
}

/** The keys of one owner, in memory: their order, what they count as, and how long they are there. */
export class KeyIndex {
  readonly #byKey = new Map<string, Indexed>();
  readonly #keys = new SortedList<string>((a, b) => (a < b ? -1 : Number(a > b)));
  readonly #expiring = new SortedList<Indexed>(
    (a, b) => a.expiresAtMs - b.expiresAtMs || (a.key < b.key ? -1 : Number(a.key > b.key)),
  );
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#byKey.size === 0;
  }

  has(key: string): boolean {
    const found = this.#byKey.get(key);
    return found !== undefined && found.expiresAtMs >= Date.now();
  }

  /** Of an index without expired keys. */
  excess({ key, bytes }: Entry, { maxKeys, maxBytes }: Quota): Excess | undefined {
    const before = this.#byKey.get(key);
    const keys = this.#byKey.size + 1;
    if (!before && keys > maxKeys) return { name: 'maxKeys', used: keys };
    const growth = bytes - (before?.bytes ?? 0);
    if (growth > 0 && this.#bytes + growth > maxBytes) return { name: 'maxBytes', used: this.#bytes + growth };
    return undefined;
  }

  put({ key, bytes, ttlMs }: Entry): void {
    this.remove(key);
    const indexed = { key, bytes, expiresAtMs: ttlMs === undefined ? Infinity : Date.now() + ttlMs };
    this.#byKey.set(key, indexed);
    this.#keys.add(key);
    if (ttlMs !== undefined) this.#expiring.add(indexed);
    this.#bytes += bytes;
  }

  /** Returns whether it was there. */
  remove(key: string): boolean {
    const indexed = this.#byKey.get(key);
    if (!indexed) return false;
    this.#byKey.delete(key);
    this.#keys.delete(key);
    this.#expiring.delete(indexed);
    this.#bytes -= indexed.bytes;
    return true;
  }

  /** Forgets the keys whose time is over, and returns them. */
  removeExpired(): readonly string[] {
    const expired: string[] = [];
    const now = Date.now();
    for (let next = this.#expiring.first; next && next.expiresAtMs < now; next = this.#expiring.first) {
      this.remove(next.key);
      expired.push(next.key);
    }
    return expired;
  }

  list({ prefix, after, limit }: KeyQuery): readonly string[] {
    const found: string[] = [];
    const isAfter = after !== undefined && after >= prefix;
    for (const key of this.#keys.from(isAfter ? after : prefix)) {
      if (found.length === limit || !key.startsWith(prefix)) break;
      if (!isAfter || key !== after) found.push(key);
    }
    return found;
  }
}

import type { Entry, Excess, KeyQuery, Quota } from './quota-storage.ts';
import { SortedList } from './sorted-list.ts';

interface Indexed {
  readonly key: string;
  readonly bytes: number;
  /** Of `Date.now()`; there until that is later. */
  readonly expiresAtMs: number;
}

/** So many items of a list may be about keys that are gone, beside as many as there are keys. */
const MAX_STALE = 100;

/**
 * The keys of one owner, in memory: their order, what they count as, and how long they are there. What is gone stays in the
 * lists until it is worth the while to go through them, so that thousands of keys that are over at once are cheap to forget.
 */
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

  get hasExpired(): boolean {
    const { first } = this.#expiring;
    return first !== undefined && first.expiresAtMs < Date.now();
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
    this.#tidyUp();
  }

  /** Returns whether it was there. */
  remove(key: string): boolean {
    const indexed = this.#byKey.get(key);
    if (!indexed) return false;
    this.#byKey.delete(key);
    this.#bytes -= indexed.bytes;
    return true;
  }

  /** Forgets at most so many keys whose time is over, and returns them. */
  removeExpired(max: number): readonly string[] {
    const now = Date.now();
    const over = this.#expiring.takeFirst(({ expiresAtMs }) => expiresAtMs < now, max);
    return over.flatMap((indexed) => {
      // It may have been set again since.
      if (this.#byKey.get(indexed.key) !== indexed) return [];
      this.remove(indexed.key);
      return [indexed.key];
    });
  }

  list({ prefix, after, limit }: KeyQuery): readonly string[] {
    const found: string[] = [];
    const start = after !== undefined && after > prefix ? after : prefix;
    for (const key of this.#keys.from(start)) {
      if (found.length === limit || !key.startsWith(prefix)) break;
      if (this.#byKey.has(key) && key !== after) found.push(key);
    }
    return found;
  }

  #tidyUp(): void {
    const max = 2 * this.#byKey.size + MAX_STALE;
    if (this.#keys.length > max) this.#keys.keepOnly((key) => this.#byKey.has(key));
    if (this.#expiring.length > max) this.#expiring.keepOnly((indexed) => this.#byKey.get(indexed.key) === indexed);
  }
}

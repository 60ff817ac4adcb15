import { setImmediate } from 'node:timers/promises';
import type { Keyv } from 'keyv';
import { KeyIndex } from './key-index.ts';
import type { Entry, Excess, KeyQuery, Owner, Quota, QuotaStorage } from './quota-storage.ts';
import { TenantLine } from './tenant-line.ts';

/** Of the keys whose time is over, so many are forgotten before others have their turn. */
const MAX_FORGOTTEN = 500;

/** Texts of this process, in a Keyv in memory. What is over is let go of when the next change of its owner comes. */
export class MemoryQuotaStorage implements QuotaStorage {
  readonly #indexes = new Map<string, KeyIndex>();
  readonly #changes = new TenantLine();

  constructor(private readonly keyv: Keyv) {}

  async get(owner: Owner, key: string): Promise<string | undefined> {
    const name = JSON.stringify(owner);
    if (!this.#indexes.get(name)?.has(key)) return undefined;
    return this.keyv.get<string>(keyOf(name, key));
  }

  async set(owner: Owner, entry: Entry, quota: Quota, signal: AbortSignal): Promise<Excess | undefined> {
    return this.#change(owner, signal, async (index, name) => {
      const excess = index.excess(entry, quota);
      if (excess) return excess;
      await this.keyv.set(keyOf(name, entry.key), entry.text);
      index.put(entry);
      return undefined;
    });
  }

  async delete(owner: Owner, key: string, signal: AbortSignal): Promise<boolean> {
    return this.#change(owner, signal, async (index, name) => {
      await this.keyv.delete(keyOf(name, key));
      return index.remove(key);
    });
  }

  async list(owner: Owner, query: KeyQuery): Promise<readonly string[]> {
    return this.#change(owner, undefined, (index) => Promise.resolve(index.list(query)));
  }

  /** Does it when it is the owner's turn, without what is over by then. */
  async #change<T>(
    owner: Owner,
    signal: AbortSignal | undefined,
    change: (index: KeyIndex, name: string) => Promise<T>,
  ): Promise<T> {
    const name = JSON.stringify(owner);
    return this.#changes.next(name, async () => {
      const index = this.#indexes.get(name) ?? new KeyIndex();
      this.#indexes.set(name, index);
      try {
        while (index.hasExpired) {
          for (const key of index.removeExpired(MAX_FORGOTTEN)) await this.keyv.delete(keyOf(name, key));
          await setImmediate();
        }
        signal?.throwIfAborted();
        return await change(index, name);
      } finally {
        if (index.isEmpty) this.#indexes.delete(name);
      }
    });
  }
}

/** After the JSON of a list anything may come: no two pairs make the same key. */
function keyOf(name: string, key: string): string {
  return name + key;
}

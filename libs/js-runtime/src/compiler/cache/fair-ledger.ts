interface Entry {
  readonly id: number;
  readonly tenantId: string;
  readonly bytes: number;
}

/** What one tenant has: its entries by name, in the order of use, and their size in all. */
interface Holding {
  readonly names: Map<string, Entry>;
  bytes: number;
}

/**
 * What is in a cache that tenants share: sizes and the order of use, not the values. Says what has to go when it is full: of
 * a tenant that has more than its share (the limit by the number of tenants), its own least recently used entry; otherwise
 * the least recently used of all. So a tenant cannot push out the others, and one that is alone has everything.
 *
 * Every operation takes constant time, and each eviction.
 */
export class FairLedger {
  /** All entries by name, in the order of use. */
  readonly #entries = new Map<string, Entry>();
  readonly #holdings = new Map<string, Holding>();
  #bytes = 0;
  #lastId = 0;

  constructor(
    private readonly maxEntries: number,
    private readonly maxBytes: number,
  ) {}

  get entries(): number {
    return this.#entries.size;
  }

  /** In all, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The entry of this name, which does not count as used. */
  find(name: string): number | undefined {
    return this.#entries.get(name)?.id;
  }

  /** The entry of this name, which counts as used now. */
  use(name: string): number | undefined {
    const entry = this.#entries.get(name);
    if (!entry) return undefined;
    moveToEnd(this.#entries, name, entry);
    const holding = this.#holdings.get(entry.tenantId);
    if (holding) moveToEnd(holding.names, name, entry);
    return entry.id;
  }

  /**
   * Takes an entry in, in place of what had its name.
   *
   * @param bytes no more than fit
   * @returns its id, which nothing else ever has; the id of the one that it replaces; and the ids of those that have to go for it
   */
  add(tenantId: string, name: string, bytes: number): { id: number; replaced: number | undefined; evicted: number[] } {
    const replaced = this.remove(name);
    const entry = { id: ++this.#lastId, tenantId, bytes };
    const holding = this.#holdings.get(tenantId) ?? { names: new Map<string, Entry>(), bytes: 0 };
    this.#holdings.set(tenantId, holding);
    this.#entries.set(name, entry);
    holding.names.set(name, entry);
    holding.bytes += bytes;
    this.#bytes += bytes;
    return { id: entry.id, replaced, evicted: this.#makeRoom(holding) };
  }

  /** @returns the id of the entry, if there was one */
  remove(name: string): number | undefined {
    const entry = this.#entries.get(name);
    if (!entry) return undefined;
    this.#entries.delete(name);
    this.#bytes -= entry.bytes;
    const holding = this.#holdings.get(entry.tenantId);
    if (holding) {
      holding.names.delete(name);
      holding.bytes -= entry.bytes;
      if (holding.names.size === 0) this.#holdings.delete(entry.tenantId);
    }
    return entry.id;
  }

  /** The newest entry always stays: also when it alone is more than the share of its tenant. */
  #makeRoom(inserter: Holding): number[] {
    const evicted: number[] = [];
    while (this.#entries.size > this.maxEntries || this.#bytes > this.maxBytes) {
      const from = this.#hasTooMuch(inserter) ? inserter.names : this.#entries;
      const [oldest] = from.keys();
      const id = oldest === undefined ? undefined : this.remove(oldest);
      if (id === undefined) break;
      evicted.push(id);
    }
    return evicted;
  }

  /** Of that of which there is too much. */
  #hasTooMuch({ names, bytes }: Holding): boolean {
    if (names.size === 1) return false;
    const tenants = this.#holdings.size;
    const tooMany = this.#entries.size > this.maxEntries && names.size * tenants > this.maxEntries;
    const tooLarge = this.#bytes > this.maxBytes && bytes * tenants > this.maxBytes;
    return tooMany || tooLarge;
  }
}

function moveToEnd(map: Map<string, Entry>, name: string, entry: Entry): void {
  map.delete(name);
  map.set(name, entry);
}

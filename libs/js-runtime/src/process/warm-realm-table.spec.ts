import { WarmCounts } from './warm-counts.ts';
import { WarmRealmTable } from './warm-realm-table.ts';

const { jest } = import.meta;

describe('WarmRealmTable', () => {
  let dropped: number[];
  let counts: WarmCounts;

  const tableOf = (limits: { maxRealms?: number; maxIdleMs?: number; maxUses?: number } = {}): WarmRealmTable =>
    new WarmRealmTable({ maxRealms: 2, maxIdleMs: 10_000, maxUses: 100, ...limits }, counts, (realm) =>
      dropped.push(realm),
    );
  const keep = (table: WarmRealmTable, key: string): number => {
    const realm = table.next();
    table.keep(key, realm);
    return realm;
  };

  beforeEach(() => {
    dropped = [];
    counts = new WarmCounts();
  });

  it('finds what it keeps, by key', () => {
    const table = tableOf();
    const realm = keep(table, 'a 1');
    expect(table.use('a 1')).toBe(realm);
    expect(table.use('a 2')).toBeUndefined();
    expect(counts.stats()).toEqual({ kept: 1, hits: 1, misses: 1, evictions: 0, losses: 0 });
  });

  it('never gives a number twice', () => {
    const table = tableOf();
    const first = keep(table, 'a');
    table.clear();
    expect(keep(table, 'a')).not.toBe(first);
  });

  it('lets the least recently used go', () => {
    const table = tableOf();
    const [a, b] = [keep(table, 'a'), keep(table, 'b')];
    table.use('a');
    keep(table, 'c');
    expect(dropped).toEqual([b]);
    expect(table.use('a')).toBe(a);
    expect(table.use('b')).toBeUndefined();
    expect(counts.stats()).toMatchObject({ kept: 2, evictions: 1 });
  });

  it('lets one go that another takes the place of, which is no eviction', () => {
    const table = tableOf();
    const first = keep(table, 'a');
    const second = keep(table, 'a');
    expect(dropped).toEqual([first]);
    expect(table.use('a')).toBe(second);
    expect(counts.stats()).toMatchObject({ kept: 1, evictions: 0 });
  });

  it('lets one go after so many uses, that which it was made for included', () => {
    const table = tableOf({ maxUses: 2 });
    const realm = keep(table, 'a');
    expect(table.use('a')).toBe(realm);
    expect(table.use('a')).toBeUndefined();
    expect(dropped).toEqual([realm]);
    expect(counts.stats()).toEqual({ kept: 0, hits: 1, misses: 1, evictions: 1, losses: 0 });
  });

  it('lets one go that nobody has used for too long', () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(1000);
    try {
      const table = tableOf({ maxIdleMs: 10 });
      const realm = keep(table, 'a');
      now.mockReturnValue(1010);
      expect(table.use('a')).toBe(realm);
      now.mockReturnValue(1021);
      expect(table.use('a')).toBeUndefined();
      expect(dropped).toEqual([realm]);
    } finally {
      now.mockRestore();
    }
  });

  it("drops a script's, whatever its limits, and no other's", () => {
    const table = tableOf({ maxRealms: 10 });
    const [one, two, other] = [keep(table, 'a 1'), keep(table, 'a 2'), keep(table, 'ab 1')];
    table.dropAll('a');
    expect(dropped).toEqual([one, two]);
    expect(table.use('ab 1')).toBe(other);
  });

  it('says nothing of those that went with their isolate, and counts them', () => {
    const table = tableOf();
    keep(table, 'a');
    keep(table, 'b');
    table.clear();
    expect(dropped).toEqual([]);
    expect(table.size).toBe(0);
    expect(counts.stats()).toMatchObject({ kept: 0, losses: 2 });
  });
});

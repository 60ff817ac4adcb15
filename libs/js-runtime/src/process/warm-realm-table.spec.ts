import { WarmBudget, type WarmLimits } from './warm-budget.ts';
import { LEAST_REALM_BYTES, WarmRealmTable } from './warm-realm-table.ts';

const { jest } = import.meta;

describe('WarmRealmTable', () => {
  let dropped: number[];
  let budget: WarmBudget;

  const tableOf = (limits: Partial<WarmLimits> = {}): WarmRealmTable => {
    const none = { maxRealmsPerTenant: 100, maxRealms: 100, maxBytes: Infinity };
    budget = new WarmBudget({ maxRealmsPerVm: 2, maxIdleMs: 10_000, maxUses: 100, ...none, ...limits });
    return new WarmRealmTable(budget, (realm) => dropped.push(realm));
  };
  const keep = (table: WarmRealmTable, key: string): number => {
    const realm = table.next();
    table.keep({ key, tenantId: 'acme' }, realm);
    return realm;
  };

  beforeEach(() => {
    dropped = [];
  });

  it('finds what it keeps, by key', () => {
    const table = tableOf();
    const realm = keep(table, 'a 1');
    expect(table.use('a 1')).toBe(realm);
    expect(table.use('a 2')).toBeUndefined();
    expect(budget.counts.stats()).toMatchObject({ kept: 1, bytes: LEAST_REALM_BYTES, hits: 1, misses: 1, losses: 0 });
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
    expect(budget.counts.stats()).toMatchObject({ kept: 2, evictions: { vm: 1 } });
  });

  it('lets one go that another takes the place of, which is no eviction', () => {
    const table = tableOf();
    const first = keep(table, 'a');
    const second = keep(table, 'a');
    expect(dropped).toEqual([first]);
    expect(table.use('a')).toBe(second);
    expect(budget.counts.stats()).toMatchObject({ kept: 1, evictions: { vm: 0 } });
  });

  it('lets one go after so many uses, that which it was made for included', () => {
    const table = tableOf({ maxUses: 2 });
    const realm = keep(table, 'a');
    expect(table.use('a')).toBe(realm);
    expect(table.use('a')).toBeUndefined();
    expect(dropped).toEqual([realm]);
    expect(budget.counts.stats()).toMatchObject({ kept: 0, hits: 1, misses: 1, evictions: { uses: 1 }, losses: 0 });
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
      expect(budget.counts.evictions.idle).toBe(1);
    } finally {
      now.mockRestore();
    }
  });

  it("drops a script's, whatever its limits, and no other's", () => {
    const table = tableOf({ maxRealmsPerVm: 10 });
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
    expect(budget.counts.stats()).toMatchObject({ kept: 0, bytes: 0, losses: 2 });
  });
});

import { jest } from '@jest/globals';
import { WarmBudget, type WarmLimits } from './warm-budget.ts';
import { LEAST_REALM_BYTES, WarmRealmTable } from './warm-realm-table.ts';

const MANY = { maxRealmsPerVm: 1000, maxRealmsPerTenant: 1000, maxRealms: 1000 };
const MIB = 1024 * 1024;

/** A VM of a tenant's, and the realms that it keeps. */
class Vm {
  readonly #keys = new Map<number, string>();
  readonly table: WarmRealmTable;

  constructor(
    budget: WarmBudget,
    private readonly tenantId: string,
  ) {
    this.table = new WarmRealmTable(budget, (number) => this.#keys.delete(number));
  }

  get keys(): string[] {
    return [...this.#keys.values()];
  }

  keep(...keys: string[]): void {
    for (const key of keys) {
      const number = this.table.next();
      this.#keys.set(number, key);
      this.table.keep({ key, tenantId: this.tenantId }, number);
    }
  }
}

describe('WarmBudget', () => {
  let budget: WarmBudget;

  const limit = (limits: Partial<WarmLimits>): void => {
    budget = new WarmBudget({ ...MANY, maxBytes: Infinity, maxIdleMs: 10_000, maxUses: 100, ...limits });
  };
  const vm = (tenantId: string): Vm => new Vm(budget, tenantId);

  it('is for all VMs: what was used longest ago goes, wherever it is', () => {
    limit({ maxRealms: 3 });
    const [one, other] = [vm('acme'), vm('globex')];
    one.keep('a', 'b');
    other.keep('c');
    one.table.use('a');
    other.keep('d');
    expect([one.keys, other.keys]).toEqual([['a'], ['c', 'd']]);
    other.keep('e');
    expect([one.keys, other.keys]).toEqual([['a'], ['d', 'e']]);
    expect(budget.counts.stats()).toMatchObject({ kept: 3, evictions: { pool: 2 } });
  });

  it("has a tenant with a thousand functions let go of its own, in all its VMs, and of nobody else's", () => {
    limit({ maxRealms: 20, maxRealmsPerTenant: 10 });
    const other = vm('globex');
    other.keep('a', 'b');
    const vms = [vm('acme'), vm('acme')] as const;
    for (let n = 0; n < 1000; n++) vms[n % 2 === 0 ? 0 : 1].keep(String(n));
    expect(other.keys).toEqual(['a', 'b']);
    expect(vms[0].keys).toEqual(['990', '992', '994', '996', '998']);
    expect(vms[1].keys).toEqual(['991', '993', '995', '997', '999']);
    expect(budget.counts.stats()).toMatchObject({ kept: 12, evictions: { tenant: 990, pool: 0 } });
  });

  it('is of memory, too: a tenant with more than its part lets go first', () => {
    limit({ maxBytes: 100 * MIB, maxRealmsPerTenant: 200 });
    const [large, small] = [vm('acme'), vm('globex')];
    small.keep('a', 'b');
    large.keep('c', 'd', 'e');
    large.table.grown(99 * MIB);
    expect([large.keys, small.keys]).toEqual([
      ['c', 'd', 'e'],
      ['a', 'b'],
    ]);
    // The tenant that comes to it now has little itself: what is oldest goes.
    large.table.use('c');
    small.table.use('a');
    small.table.use('b');
    small.table.grown(2 * MIB);
    expect([large.keys, small.keys]).toEqual([
      ['c', 'e'],
      ['a', 'b'],
    ]);
    // And now it is this one, which has more than a fifth.
    large.table.grown(105 * MIB);
    expect(small.keys).toEqual(['a', 'b']);
    expect(large.keys).toEqual(['c']);
    expect(budget.counts.bytes).toBeLessThanOrEqual(100 * MIB);
    expect(budget.counts.evictions.memory).toBe(2);
  });

  it('reckons the least for what seems to take nothing, or less', () => {
    limit({});
    const liar = vm('acme');
    liar.keep('a', 'b');
    for (const bytes of [0, -1e9, 1]) {
      liar.table.grown(bytes);
      expect(budget.counts.bytes).toBe(2 * LEAST_REALM_BYTES);
    }
  });

  it('keeps none that takes more than all may, and has no end of nothing', () => {
    limit({ maxBytes: MIB });
    const one = vm('acme');
    one.keep('a');
    one.table.grown(2 * MIB);
    expect(one.keys).toEqual([]);
    one.table.grown(2 * MIB);
    expect(budget.counts.stats()).toMatchObject({ kept: 0, bytes: 0, evictions: { memory: 1 } });
  });

  it('lets go of what nobody uses any more, without being asked', () => {
    jest.useFakeTimers();
    try {
      limit({ maxIdleMs: 100 });
      const one = vm('acme');
      one.keep('a', 'b');
      jest.advanceTimersByTime(60);
      one.table.use('a');
      jest.advanceTimersByTime(60);
      expect(one.keys).toEqual(['a']);
      jest.advanceTimersByTime(60);
      expect(one.keys).toEqual([]);
      expect(budget.counts.evictions.idle).toBe(2);
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });

  it('counts what there is, whatever comes, grows and goes', () => {
    limit({ maxRealms: 30, maxRealmsPerTenant: 12, maxRealmsPerVm: 8, maxBytes: 50 * MIB });
    const vms = Array.from({ length: 9 }, (_, n) => vm(`tenant-${n % 3}`));
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let step = 0; step < 5000; step++) {
      const one = vms[random(9)] as Vm;
      const key = String(random(20));
      [
        () => {
          one.keep(key);
        },
        () => one.table.use(key),
        () => {
          one.table.drop(key);
        },
        () => {
          one.table.grown(random(20 * MIB));
        },
        () => {
          if (random(10) === 0) one.table.clear();
        },
      ][random(5)]?.();
      const { kept, bytes } = budget.counts;
      expect(kept).toBe(vms.reduce((sum, { table }) => sum + table.size, 0));
      expect(kept).toBeLessThanOrEqual(30);
      expect(bytes).toBeLessThanOrEqual(50 * MIB);
      expect(bytes).toBeGreaterThanOrEqual(kept > 0 ? 1 : 0);
    }
    for (const { table } of vms) table.clear();
    expect(budget.counts).toMatchObject({ kept: 0, bytes: 0 });
  });
});

import { TenantCpu } from './tenant-cpu.ts';

describe('TenantCpu', () => {
  const CPUS = 4;
  let cpu: TenantCpu;
  let now: number;

  beforeEach(() => {
    now = 1000;
    cpu = new TenantCpu(CPUS);
    cpu.fade(now);
  });

  /** For so long tenants take so many CPUs each, and are looked at every 10 ms. */
  function pass(ms: number, taken: Readonly<Record<string, number>>): void {
    for (let passed = 0; passed < ms; passed += 10) {
      now += 10;
      for (const [tenantId, cpus] of Object.entries(taken)) cpu.uses(tenantId, 10 * cpus, now);
      cpu.fade(now);
    }
  }

  it.each([
    [0.4, 0],
    [0.6, 5],
    [1.2, 10],
    [2.2, 15],
    [4, 15],
  ])('gives a tenant that takes %d of 4 CPUs nice %d, beside one that takes little', (cpus, nice) => {
    pass(5000, { greedy: cpus, modest: 0.1 });
    expect([cpu.niceOf('greedy'), cpu.niceOf('modest')]).toEqual([nice, 0]);
  });

  it('tells how much of the CPUs all take together', () => {
    expect(cpu.share).toBe(0);
    pass(5000, { greedy: 1, modest: 1 });
    expect(cpu.share).toBeCloseTo(0.5, 1);
  });

  it('does so within half a second', () => {
    pass(500, { greedy: 4, modest: 0.1 });
    expect(cpu.niceOf('greedy')).toBe(15);
  });

  it('is not impressed by a moment', () => {
    pass(50, { greedy: 4, modest: 0.1 });
    expect(cpu.niceOf('greedy')).toBe(0);
  });

  it('leaves a tenant that nobody is beside as it is, until somebody comes', () => {
    pass(5000, { greedy: 4 });
    expect(cpu.niceOf('greedy')).toBe(0);
    cpu.uses('modest', 0, now);
    expect(cpu.niceOf('greedy')).toBe(15);
    pass(1000, { greedy: 4 });
    expect(cpu.niceOf('greedy')).toBe(0);
  });

  it('counts of what was used over a long time as much as of the last half second', () => {
    cpu.uses('modest', 5000, now, 60_000);
    pass(10, { greedy: 0.1 });
    expect(cpu.niceOf('modest')).toBe(0);
    cpu.uses('modest', 5000, now, 400);
    pass(10, { greedy: 0.1 });
    expect(cpu.niceOf('modest')).toBe(15);
  });

  it('forgets a tenant that takes nothing any more', () => {
    pass(5000, { greedy: 4, modest: 0.1 });
    pass(2000, { modest: 0.1 });
    expect(cpu.niceOf('greedy')).toBe(0);
    cpu.uses('greedy', 0, now);
    expect(cpu.niceOf('greedy')).toBe(0);
  });

  it('keeps a step while the share is but little below it', () => {
    pass(5000, { greedy: 2.2, modest: 0.1 });
    pass(5000, { greedy: 1.6, modest: 0.1 });
    expect(cpu.niceOf('greedy')).toBe(15);
    pass(5000, { greedy: 1.2, modest: 0.1 });
    expect(cpu.niceOf('greedy')).toBe(10);
  });

  it('knows nothing of a tenant that has not run', () => {
    expect(cpu.niceOf('nobody')).toBe(0);
  });
});

import { Demand, NO_DEMAND } from './demand.ts';

describe('Demand', () => {
  it('is more for what is lent more often', () => {
    const demand = new Demand();
    let [often, seldom] = [NO_DEMAND, NO_DEMAND];
    for (let n = 0; n < 2000; n++) {
      if (n % 10 === 9) seldom = demand.lent('seldom', seldom);
      else often = demand.lent('often', often);
    }
    // Nine times as much.
    expect(often - seldom).toBeCloseTo(Math.log2(9), 1);
    expect(demand.of('often')).toBe(often);
  });

  it('becomes less with what others are lent, and is never beyond numbers', () => {
    const demand = new Demand();
    let early = NO_DEMAND;
    for (let n = 0; n < 5000; n++) early = demand.lent('early', early);
    let late = NO_DEMAND;
    for (let n = 0; n < 1_000_000 && late <= early; n++) late = demand.lent('late', late);
    expect(late).toBeGreaterThan(early);
    for (let n = 0; n < 1_000_000; n++) late = demand.lent('late', late);
    expect(late).toBeLessThan(1e6);
  });

  it('is forgotten of who had no VM for the longest time', () => {
    const demand = new Demand();
    for (let n = 0; n < 5000; n++) demand.lent(`tenant-${n}`, NO_DEMAND);
    expect(demand.of('tenant-0')).toBe(NO_DEMAND);
    expect(demand.of('tenant-4999')).toBeGreaterThan(NO_DEMAND);
  });
});

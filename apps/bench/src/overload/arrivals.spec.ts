import { arrivalsOf, type Schedule } from './arrivals.ts';

describe('arrivalsOf', () => {
  const SCHEDULE: Schedule = { kind: 'poisson', perSecond: 1000, forMs: 10_000, seed: 1 };

  it('comes evenly where it should, until the time is over', () => {
    expect([...arrivalsOf({ ...SCHEDULE, kind: 'even', perSecond: 100, forMs: 40 })]).toEqual([10, 20, 30]);
  });

  it('comes at random as often as it should, in order, and within its time', () => {
    const arrivals = [...arrivalsOf(SCHEDULE)];
    // Four standard deviations of a Poisson process.
    expect(Math.abs(arrivals.length - 10_000)).toBeLessThan(400);
    expect(arrivals).toEqual([...arrivals].sort((one, other) => one - other));
    expect(arrivals.at(-1)).toBeLessThan(10_000);
  });

  it('has gaps that vary as those of independent arrivals do', () => {
    const arrivals = [...arrivalsOf(SCHEDULE)];
    const gaps = arrivals.map((atMs, index) => atMs - (arrivals[index - 1] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    // Of an exponential distribution the standard deviation is the mean.
    expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 1);
  });

  it('is the same for the same seed only', () => {
    const first = [...arrivalsOf(SCHEDULE)];
    expect([...arrivalsOf(SCHEDULE)]).toEqual(first);
    expect([...arrivalsOf({ ...SCHEDULE, seed: 2 })]).not.toEqual(first);
  });
});

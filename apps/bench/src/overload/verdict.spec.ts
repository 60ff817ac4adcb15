import type { Level } from './levels.ts';
import type { Neighbour } from './neighbour.ts';
import { FULL } from './plan.ts';
import { boundMs, checksOf, peakOf, placesOf, type Measured } from './verdict.ts';

describe('The verdict', () => {
  const LEVEL: Level = {
    factor: 10,
    offeredPerSecond: 10_000,
    goodputPerSecond: 1000,
    p50Ms: 800,
    p99Ms: 850,
    refusedP99Ms: 5,
    lagP99Ms: 2,
    outcomes: { OK: 1000, TENANT_BUSY: 9000 },
  };
  const ALONE: Neighbour = {
    flood: undefined,
    requests: 100,
    p50Ms: 1,
    p99Ms: 2,
    outcomes: { OK: 100 },
    floodOutcomes: {},
  };
  const BESIDE: Neighbour = {
    ...ALONE,
    flood: { title: 'a flood', perSecond: 10_000 },
    p99Ms: 9,
    floodOutcomes: { OK: 100, TENANT_BUSY: 900 },
  };
  const measured = (level: Partial<Level>, beside: Partial<Neighbour> = {}): Measured => ({
    plan: FULL,
    levels: {
      capacityPerSecond: 1000,
      capacityP50Ms: 10,
      levels: [
        { ...LEVEL, factor: 0.5, goodputPerSecond: 500, p99Ms: 5 },
        { ...LEVEL, ...level },
      ],
    },
    neighbours: [ALONE, { ...BESIDE, ...beside }],
  });
  const missed = (found: Measured): string[] =>
    checksOf(found)
      .filter(({ isMet }) => !isMet)
      .map(({ what }) => what);

  it('misses nothing when all is as it should be', () => {
    expect(missed(measured({}))).toEqual([]);
  });

  it.each<[string, Partial<Level>, Partial<Neighbour>]>([
    ['goodput at 10 times capacity', { goodputPerSecond: 890, p99Ms: 10 }, {}],
    ['p99 of what was done at 10 times capacity', { p99Ms: 1100 }, {}],
    ['p99 of what was done at 10 times capacity', { p99Ms: NaN }, {}],
    ['requests that ended as they may not', { outcomes: { VM_CRASHED: 1 } }, {}],
    ["polite tenant's p99 beside a flood", {}, { p99Ms: 10.1 }],
    ["polite tenant's requests that failed", {}, { outcomes: { OK: 99, TENANT_BUSY: 1 } }],
    ["flooding tenant's requests that ended as they may not", {}, { floodOutcomes: { SHUTTING_DOWN: 1 } }],
  ])('misses: %s', (what, level, beside) => {
    expect(missed(measured(level, beside))).toEqual([what]);
  });

  it('takes the most that was ever done as the peak', () => {
    expect(peakOf(measured({}).levels)).toBe(1000);
    expect(peakOf(measured({ goodputPerSecond: 1200 }).levels)).toBe(1200);
  });

  it('knows how many may run and wait: by tenant, and in all', () => {
    const { bounds } = FULL;
    expect(placesOf(bounds, 2)).toBe(210);
    expect(placesOf(bounds, 100)).toBe(1500);
    expect(boundMs(bounds, 2, 100)).toBe(2100);
    expect(boundMs({ ...bounds, timeoutMs: 1000 }, 2, 100)).toBe(1000);
  });
});

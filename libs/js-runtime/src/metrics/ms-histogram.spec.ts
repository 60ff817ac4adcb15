import { TIME_BOUNDS_MS, MsHistogram } from './ms-histogram.ts';

describe('MsHistogram', () => {
  /** The buckets that have something in them, by upper bound. */
  function filled(histogram: MsHistogram): Record<string, number> {
    const { boundsMs, counts } = histogram.snapshot();
    return Object.fromEntries(
      counts.map((count, i) => [String(boundsMs[i] ?? 'longer'), count]).filter(([, count]) => count !== 0),
    ) as Record<string, number>;
  }

  it('is empty at first, with one bucket more than there are bounds', () => {
    const { count, sumMs, boundsMs, counts } = new MsHistogram().snapshot();
    expect({ count, sumMs, boundsMs }).toEqual({ count: 0, sumMs: 0, boundsMs: TIME_BOUNDS_MS });
    expect(counts).toEqual(Array.from({ length: TIME_BOUNDS_MS.length + 1 }, () => 0));
  });

  it('has bounds that rise', () => {
    expect([...TIME_BOUNDS_MS].sort((a, b) => a - b)).toEqual(TIME_BOUNDS_MS);
    expect(new Set(TIME_BOUNDS_MS).size).toBe(TIME_BOUNDS_MS.length);
  });

  it.each([
    [0, '0.2'],
    [0.3, '0.5'],
    [1.001, '2'],
    [49.9, '50'],
    [50.1, '100'],
    [29_999, '30000'],
    [30_000.5, '60000'],
    [600_000, 'longer'],
  ])('counts a wait of %d ms under %p', (waitedMs, bucket) => {
    const histogram = new MsHistogram();
    histogram.record(waitedMs);
    expect(filled(histogram)).toEqual({ [bucket]: 1 });
  });

  it.each([...TIME_BOUNDS_MS])('counts a wait of exactly %d ms under that bound', (bound) => {
    const histogram = new MsHistogram();
    histogram.record(bound);
    expect(filled(histogram)).toEqual({ [String(bound)]: 1 });
  });

  it('counts each wait in one bucket only, and adds all of them up', () => {
    const histogram = new MsHistogram();
    for (const waitedMs of [0.9, 0.1, 0.9, 3, 40, 70_000]) histogram.record(waitedMs);
    expect(filled(histogram)).toEqual({ '0.2': 1, '1': 2, '5': 1, '50': 1, longer: 1 });
    expect(histogram.snapshot()).toMatchObject({ count: 6, sumMs: 70_044.9 });
  });

  it('gives snapshots that do not change afterwards, nor can be used to change it', () => {
    const histogram = new MsHistogram();
    const before = histogram.snapshot();
    histogram.record(0.1);
    expect(before).toMatchObject({ count: 0, sumMs: 0 });
    expect(before.counts[0]).toBe(0);
    (histogram.snapshot().counts as number[])[0] = 99;
    expect(histogram.snapshot()).toMatchObject({ count: 1 });
  });
});

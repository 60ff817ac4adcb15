import { WAIT_BOUNDS_MS, WaitHistogram } from './wait-histogram.ts';

describe('WaitHistogram', () => {
  /** The buckets that have something in them, by upper bound. */
  function filled(histogram: WaitHistogram): Record<string, number> {
    const { boundsMs, counts } = histogram.snapshot();
    return Object.fromEntries(
      counts.map((count, i) => [String(boundsMs[i] ?? 'longer'), count]).filter(([, count]) => count !== 0),
    ) as Record<string, number>;
  }

  it('is empty at first, with one bucket more than there are bounds', () => {
    const { count, sumMs, boundsMs, counts } = new WaitHistogram().snapshot();
    expect({ count, sumMs, boundsMs }).toEqual({ count: 0, sumMs: 0, boundsMs: WAIT_BOUNDS_MS });
    expect(counts).toEqual(Array.from({ length: WAIT_BOUNDS_MS.length + 1 }, () => 0));
  });

  it('has bounds that rise', () => {
    expect([...WAIT_BOUNDS_MS].sort((a, b) => a - b)).toEqual(WAIT_BOUNDS_MS);
    expect(new Set(WAIT_BOUNDS_MS).size).toBe(WAIT_BOUNDS_MS.length);
  });

  it.each([
    [0, '1'],
    [0.3, '1'],
    [1.001, '2'],
    [49.9, '50'],
    [50.1, '100'],
    [29_999, '30000'],
    [30_000.5, 'longer'],
    [600_000, 'longer'],
  ])('counts a wait of %d ms under %p', (waitedMs, bucket) => {
    const histogram = new WaitHistogram();
    histogram.record(waitedMs);
    expect(filled(histogram)).toEqual({ [bucket]: 1 });
  });

  it.each([...WAIT_BOUNDS_MS])('counts a wait of exactly %d ms under that bound', (bound) => {
    const histogram = new WaitHistogram();
    histogram.record(bound);
    expect(filled(histogram)).toEqual({ [String(bound)]: 1 });
  });

  it('counts each wait in one bucket only, and adds all of them up', () => {
    const histogram = new WaitHistogram();
    for (const waitedMs of [0.5, 0.5, 3, 40, 50_000]) histogram.record(waitedMs);
    expect(filled(histogram)).toEqual({ '1': 2, '5': 1, '50': 1, longer: 1 });
    expect(histogram.snapshot()).toMatchObject({ count: 5, sumMs: 50_044 });
  });

  it('gives snapshots that do not change afterwards, nor can be used to change it', () => {
    const histogram = new WaitHistogram();
    const before = histogram.snapshot();
    histogram.record(1);
    expect(before).toMatchObject({ count: 0, sumMs: 0 });
    expect(before.counts[0]).toBe(0);
    (histogram.snapshot().counts as number[])[0] = 99;
    expect(histogram.snapshot()).toMatchObject({ count: 1 });
  });
});

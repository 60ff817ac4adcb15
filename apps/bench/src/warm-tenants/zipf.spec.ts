import { Zipf } from './zipf.ts';

describe('Zipf', () => {
  it('gives the n-th 1/n as often as the first', () => {
    const draws = 60_000;
    let n = 0;
    const zipf = new Zipf(4, () => n++ / draws);
    const counts = [0, 0, 0, 0];
    for (let draw = 0; draw < draws; draw++) {
      const drawn = zipf.next();
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    const [first = 0, ...others] = counts;
    for (const [index, count] of others.entries()) expect(count / first).toBeCloseTo(1 / (index + 2), 2);
  });

  it('gives the first for 0 and the last for what is just below 1', () => {
    expect(new Zipf(1000, () => 0).next()).toBe(0);
    expect(new Zipf(1000, () => 1 - Number.EPSILON).next()).toBe(999);
  });

  it('knows how much is for the first ones', () => {
    const zipf = new Zipf(4, () => 0);
    expect(zipf.shareOf(0)).toBe(0);
    expect(zipf.shareOf(2)).toBeCloseTo(1.5 / (1 + 1 / 2 + 1 / 3 + 1 / 4));
    expect(zipf.shareOf(4)).toBeCloseTo(1);
    expect(zipf.shareOf(5)).toBeCloseTo(1);
  });
});

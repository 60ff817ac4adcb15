import { RecentWaits } from './recent-waits.ts';

describe('RecentWaits', () => {
  let waits: RecentWaits;

  beforeEach(() => {
    waits = new RecentWaits();
  });

  it('is 0 when nobody was there, or nobody had to wait', () => {
    expect(waits.percentileMs(0, [])).toBe(0);
    expect(waits.percentileMs(50, [])).toBe(0);
  });

  it('is what nine of ten waited at most, those included that got a VM at once', () => {
    for (const ms of [400, 100, 300, 200]) waits.waited(ms);
    expect(waits.percentileMs(4, [])).toBe(400);
    for (const ms of [100, 200]) waits.waited(ms);
    expect(waits.percentileMs(4 + 19, [])).toBe(100);
    waits.waited(100);
    expect(waits.percentileMs(23 + 10, [])).toBe(0);
  });

  it('is exact', () => {
    waits.waited(5100);
    expect(waits.percentileMs(1, [])).toBe(5100);
  });

  it('counts those who wait still, for as long as they have waited', () => {
    expect(waits.percentileMs(0, [5000])).toBe(5000);
    expect(waits.percentileMs(9, [5000])).toBe(0);
    expect(waits.percentileMs(9 + 8, [5000, 6000])).toBe(5000);
  });

  it('forgets what it has told', () => {
    waits.waited(700);
    expect(waits.percentileMs(1, [])).toBe(700);
    expect(waits.percentileMs(1, [])).toBe(0);
  });
});

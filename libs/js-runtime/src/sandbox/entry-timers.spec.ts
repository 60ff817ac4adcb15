import { EntryTimers } from './entry-timers.ts';

describe('EntryTimers', () => {
  let timers: EntryTimers;

  beforeEach(() => {
    timers = new EntryTimers();
  });

  const timedOf = (entries: number, timeoutMs: number, now: number): number =>
    Array.from({ length: entries }, () => timers.timeoutFor(timeoutMs, now)).filter((ms) => ms === timeoutMs).length;

  it('gives entries their timeouts while there are few', () => {
    expect(timers.timeoutFor(30_000, 5)).toBe(30_000);
    expect(timers.timeoutFor(1, 5)).toBe(1);
    expect(timedOf(3000, 30_000, 6)).toBe(3000);
  });

  it('gives none where too many are kept', () => {
    expect(timedOf(10_000, 30_000, 0)).toBe(4000);
    expect(timers.timeoutFor(1, 29_000)).toBe(0);
  });

  it('takes those for gone that have ended', () => {
    timedOf(3000, 30_000, 0);
    timedOf(1000, 500, 0);
    expect(timers.timeoutFor(100, 400)).toBe(0);
    expect(timedOf(10_000, 30_000, 1001)).toBe(1000);
    expect(timedOf(10_000, 30_000, 30_999)).toBe(0);
    expect(timedOf(10_000, 30_000, 31_000)).toBe(3000);
    expect(timedOf(10_000, 30_000, 100_000)).toBe(4000);
  });
});

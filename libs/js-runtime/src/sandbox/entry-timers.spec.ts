import { EntryTimers, type Entry } from './entry-timers.ts';

describe('EntryTimers', () => {
  let timers: EntryTimers;

  beforeEach(() => {
    timers = new EntryTimers();
  });

  const timedOf = (entry: Entry, entries: number, timeoutMs: number, now: number): number =>
    Array.from({ length: entries }, () => timers.timeoutFor(entry, timeoutMs, now)).filter((ms) => ms === timeoutMs)
      .length;

  it('gives entries their timeouts while there are few', () => {
    expect(timers.timeoutFor('invocation', 30_000, 5)).toBe(30_000);
    expect(timers.timeoutFor('later', 1, 5)).toBe(1);
    expect(timedOf('invocation', 7000, 30_000, 6)).toBe(7000);
  });

  it('gives none where too many are kept, later ones first, and runs last', () => {
    expect(timedOf('later', 10_000, 30_000, 0)).toBe(4000);
    expect(timedOf('invocation', 10_000, 30_000, 0)).toBe(4000);
    expect(timedOf('run', 10_000, 30_000, 0)).toBe(4000);
    expect(timers.timeoutFor('later', 1, 29_000)).toBe(0);
    expect(timers.timeoutFor('invocation', 1, 29_000)).toBe(0);
    expect(timers.timeoutFor('run', 1, 29_000)).toBe(0);
  });

  it('takes those for gone that have ended', () => {
    timedOf('invocation', 6000, 30_000, 0);
    timedOf('invocation', 2000, 500, 0);
    expect(timers.timeoutFor('invocation', 100, 400)).toBe(0);
    expect(timedOf('invocation', 10_000, 30_000, 1001)).toBe(2000);
    expect(timedOf('invocation', 10_000, 30_000, 30_999)).toBe(0);
    expect(timedOf('invocation', 10_000, 30_000, 31_000)).toBe(6000);
    expect(timedOf('invocation', 10_000, 30_000, 100_000)).toBe(8000);
  });
});

import { BackOff } from './back-off.ts';
import { Breaker } from './breaker.ts';

const { jest } = import.meta;

describe('BackOff', () => {
  it('doubles its pauses up to half a minute, and starts over', () => {
    const longest = new BackOff(() => 1);
    const pauses = Array.from({ length: 12 }, () => longest.nextMs());
    expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000]);
    longest.reset();
    expect(longest.nextMs()).toBe(100);
  });

  it('halves them at most', () => {
    const shortest = new BackOff(() => 0);
    expect([shortest.nextMs(), shortest.nextMs()]).toEqual([50, 100]);
  });

  it('never stops', () => {
    const longest = new BackOff(() => 1);
    for (let pause = 0; pause < 5000; pause++) longest.nextMs();
    expect(longest.nextMs()).toBe(30_000);
  });
});

describe('Breaker', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  function failing(times: number): Breaker {
    const breaker = new Breaker();
    for (let time = 0; time < times; time++) breaker.failed();
    return breaker;
  }

  it('lets everything through until three have failed, one after the other', () => {
    const breaker = failing(2);
    expect([breaker.isOpen, breaker.allows(), breaker.allows()]).toEqual([false, true, true]);
    breaker.succeeded();
    breaker.failed();
    breaker.failed();
    expect(breaker.allows()).toBe(true);
    breaker.failed();
    expect([breaker.isOpen, breaker.allows()]).toEqual([true, false]);
  });

  it('lets one through after a pause, and all when that succeeds', () => {
    const breaker = failing(3);
    jest.advanceTimersByTime(100);
    expect([breaker.allows(), breaker.allows()]).toEqual([true, false]);
    breaker.succeeded();
    expect([breaker.isOpen, breaker.allows(), breaker.allows()]).toEqual([false, true, true]);
  });

  it('pauses longer each time', () => {
    const breaker = failing(3);
    jest.advanceTimersByTime(100);
    breaker.allows();
    breaker.failed();
    // From half of the doubled pause on.
    jest.advanceTimersByTime(99);
    expect(breaker.allows()).toBe(false);
    jest.advanceTimersByTime(101);
    expect(breaker.allows()).toBe(true);
  });

  it('counts those that were under way when it opened as one', () => {
    const breaker = failing(60);
    jest.advanceTimersByTime(100);
    expect(breaker.allows()).toBe(true);
  });

  it('tries again when a trial came to nothing', () => {
    const breaker = failing(3);
    jest.advanceTimersByTime(100);
    breaker.allows();
    breaker.undecided();
    expect([breaker.isOpen, breaker.allows(), breaker.allows()]).toEqual([true, true, false]);
  });
});

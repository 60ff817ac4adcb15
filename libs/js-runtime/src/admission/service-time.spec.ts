import { retryAfterMs, ServiceTime } from './service-time.ts';

/** A service time that these executions have told of. */
function after(...durationsMs: readonly number[]): ServiceTime {
  const serviceTime = new ServiceTime();
  for (const ms of durationsMs) serviceTime.record(ms);
  return serviceTime;
}

const times = (count: number, ms: number): number[] => Array.from({ length: count }, () => ms);

describe('ServiceTime', () => {
  it('is nothing until something was measured', () => {
    expect(after().meanMs).toBe(0);
  });

  it('is the first measurement, not a part of it', () => {
    expect(after(40).meanMs).toBe(40);
  });

  it('takes a first execution that took no time for what it is', () => {
    expect(after(0, 100).meanMs).toBeCloseTo(10);
  });

  it('stays the same while executions do', () => {
    expect(after(...times(50, 7)).meanMs).toBeCloseTo(7);
  });

  it('is not thrown off by a single execution', () => {
    expect(after(...times(10, 10), 1000).meanMs).toBeCloseTo(109);
  });

  it('has forgotten half of the past after seven executions, and nearly all of it after fifty', () => {
    expect(after(1000, ...times(6, 0)).meanMs).toBeGreaterThan(500);
    expect(after(1000, ...times(7, 0)).meanMs).toBeLessThan(500);
    expect(after(1000, ...times(50, 0)).meanMs).toBeLessThan(10);
  });
});

describe('retryAfterMs', () => {
  it.each([
    ['nobody ahead', 0, 1, 500],
    ['three ahead, one at a time', 3, 1, 2000],
    ['three ahead, two at a time', 3, 2, 1000],
    ['three ahead, four at a time', 3, 4, 500],
    ['four ahead, four at a time', 4, 4, 1000],
    ['ninety-nine ahead, ten at a time', 99, 10, 5000],
  ])('is the time of all turns up to the own one: %s', (_, ahead, parallel, expectedMs) => {
    expect(retryAfterMs(ahead, parallel, 500)).toBe(expectedMs);
  });

  it('is never so short that asking again is not worth it', () => {
    expect(retryAfterMs(0, 10, 0)).toBe(100);
    expect(retryAfterMs(0, 10, 99.4)).toBe(100);
    expect(retryAfterMs(0, 10, 101)).toBe(101);
  });

  it('is a minute at most', () => {
    expect(retryAfterMs(0, 1, 60_000)).toBe(60_000);
    expect(retryAfterMs(100_000, 1, 60_000)).toBe(60_000);
  });

  it('is a whole number of milliseconds', () => {
    expect(retryAfterMs(0, 1, 123.4)).toBe(123);
    expect(retryAfterMs(0, 1, 123.6)).toBe(124);
  });

  it('supposes that somebody will be served when nobody can be at the moment', () => {
    expect(retryAfterMs(1, 0, 500)).toBe(1000);
  });
});

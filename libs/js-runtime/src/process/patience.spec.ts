import { ownMs, Patience } from './patience.ts';

const { jest } = import.meta;

const onLinux = process.platform === 'linux' ? describe : describe.skip;

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('Patience', () => {
  /** There is no such process: nobody knows what it has had of the CPUs. */
  const NOBODY = 0;

  it('ends with the wall time where nobody knows of CPU times', () => {
    const patience = new Patience(NOBODY, 100);
    jest.advanceTimersByTime(99);
    expect(patience.remainingMs()).toBe(1);
    jest.advanceTimersByTime(1);
    expect(patience.remainingMs()).toBe(0);
    jest.advanceTimersByTime(1000);
    expect(patience.remainingMs()).toBe(0);
  });
});

onLinux('Patience on Linux', () => {
  // This process runs now, but has had hardly anything of the time that only its clock says has passed.
  it.each([
    [50, 5000],
    [1000, 20_000],
  ])('of %i ms goes on while a process waits for a CPU, but ends after %i ms', (timeoutMs, atMostMs) => {
    const patience = new Patience(process.pid, timeoutMs);
    jest.advanceTimersByTime(timeoutMs);
    expect(patience.remainingMs()).toBeGreaterThan(0);
    jest.advanceTimersByTime(atMostMs - timeoutMs - 1);
    expect(patience.remainingMs()).toBeGreaterThan(0);
    expect(patience.remainingMs()).toBeLessThanOrEqual(1);
    jest.advanceTimersByTime(1);
    expect(patience.remainingMs()).toBe(0);
  });
});

describe('ownMs', () => {
  const before = { ranMs: 1000, waitedMs: 200 };

  it.each([
    ['it slept all along', 100, { ranMs: 1000, waitedMs: 200 }, false, 100],
    ['it ran all along', 100, { ranMs: 1100, waitedMs: 200 }, true, 100],
    ['it ran and waited in turns', 100, { ranMs: 1040, waitedMs: 260 }, true, 40],
    ['it ran, waited, and slept in the end', 100, { ranMs: 1030, waitedMs: 240 }, false, 60],
    ['it has been waiting since it last ran', 100, { ranMs: 1005, waitedMs: 200 }, true, 5],
    ['it has not come to run at all', 100, { ranMs: 1000, waitedMs: 200 }, true, 0],
  ])('is right when %s', (_, elapsedMs, after, wants, own) => {
    expect(ownMs(elapsedMs, before, after, wants)).toBe(own);
  });

  it('is all of the time where nobody knows', () => {
    expect(ownMs(100, undefined, undefined, false)).toBe(100);
    expect(ownMs(100, before, undefined, false)).toBe(100);
  });
});

import { StartGate } from './start-gate.ts';

const { jest } = import.meta;

describe('StartGate', () => {
  let random: number;
  let gate: StartGate;

  beforeEach(() => {
    jest.useFakeTimers();
    random = 1;
    gate = new StartGate(() => random);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  function fail(times: number): void {
    for (let i = 0; i < times; i++) gate.failed();
  }

  /** Starts that fail, each as soon as it may be tried: how long each one made the next wait. */
  function delaysOfFailures(count: number): number[] {
    return Array.from({ length: count }, () => {
      gate.failed();
      const delayMs = gate.retryInMs;
      jest.advanceTimersByTime(delayMs);
      return delayMs;
    });
  }

  it('lets start at once as many as there may be, while nothing has failed', () => {
    expect(gate).toMatchObject({ state: 'closed', retryInMs: 0 });
    expect([gate.allowedAtOnce(4), gate.allowedAtOnce(1)]).toEqual([4, 1]);
  });

  describe('after failures', () => {
    it('waits twice as long each time', () => {
      expect(delaysOfFailures(4)).toEqual([100, 200, 400, 800]);
    });

    it('waits ten seconds from the fifth in a row on, however rare they are', () => {
      const longest = Array.from({ length: 8 }, () => {
        jest.advanceTimersByTime(30_000);
        gate.failed();
        return gate.retryInMs;
      });
      expect(longest).toEqual([100, 200, 400, 800, 10_000, 10_000, 10_000, 10_000]);
      expect(gate.state).toBe('open');
    });

    it.each([
      [0, 50],
      [0.5, 75],
      [1, 100],
    ])('waits at random, at least half as long: %p makes %d ms of 100', (value, delayMs) => {
      random = value;
      gate.failed();
      expect(gate.retryInMs).toBe(delayMs);
    });

    it('uses chance of its own unless it is given some', () => {
      const delays = Array.from({ length: 20 }, () => {
        const one = new StartGate();
        one.failed();
        return one.retryInMs;
      });
      for (const delayMs of delays) {
        expect(delayMs).toBeGreaterThanOrEqual(50);
        expect(delayMs).toBeLessThanOrEqual(100);
      }
    });

    it('lets nothing start until it has waited, and then one at a time', () => {
      gate.failed();
      expect(gate.allowedAtOnce(4)).toBe(0);
      jest.advanceTimersByTime(99);
      expect([gate.retryInMs, gate.allowedAtOnce(4)]).toEqual([1, 0]);
      jest.advanceTimersByTime(1);
      expect([gate.retryInMs, gate.allowedAtOnce(4)]).toEqual([0, 1]);
      jest.advanceTimersByTime(60_000);
      expect(gate.allowedAtOnce(4)).toBe(1);
    });

    it('lets start as many as before once one has succeeded, and begins anew with its delays', () => {
      delaysOfFailures(2);
      gate.succeeded();
      expect([gate.retryInMs, gate.allowedAtOnce(4), gate.state]).toEqual([0, 4, 'closed']);
      expect(delaysOfFailures(2)).toEqual([100, 200]);
    });

    it('does not wait any more when one succeeds that was under way already', () => {
      gate.failed();
      gate.succeeded();
      expect([gate.retryInMs, gate.allowedAtOnce(4)]).toEqual([0, 4]);
    });
  });

  describe('the breaker', () => {
    it('opens at the fifth failure within thirty seconds', () => {
      fail(4);
      expect(gate.state).toBe('closed');
      gate.failed();
      expect(gate).toMatchObject({ state: 'open', retryInMs: 10_000 });
      expect(gate.allowedAtOnce(4)).toBe(0);
    });

    it('opens though the failures came one by one', () => {
      for (let i = 0; i < 5; i++) {
        expect(gate.state).toBe('closed');
        jest.advanceTimersByTime(7000);
        gate.failed();
      }
      expect(gate.state).toBe('open');
    });

    it('opens though starts have succeeded in between, as those of VMs that then end at once', () => {
      for (let i = 0; i < 5; i++) {
        expect(gate.state).toBe('closed');
        gate.succeeded();
        jest.advanceTimersByTime(7000);
        gate.failed();
      }
      expect(gate).toMatchObject({ state: 'open', retryInMs: 10_000 });
      expect(gate.allowedAtOnce(4)).toBe(0);
    });

    it('forgets failures of thirty seconds ago', () => {
      fail(4);
      gate.succeeded();
      jest.advanceTimersByTime(30_000);
      fail(4);
      expect(gate.state).toBe('closed');
      gate.failed();
      expect(gate.state).toBe('open');
    });

    it('forgets them one by one', () => {
      for (let i = 0; i < 20; i++) {
        gate.failed();
        gate.succeeded();
        jest.advanceTimersByTime(7500);
      }
      expect(gate.state).toBe('closed');
    });

    it('is half-open after ten seconds: one start may be tried', () => {
      fail(5);
      jest.advanceTimersByTime(9999);
      expect([gate.state, gate.allowedAtOnce(4)]).toEqual(['open', 0]);
      jest.advanceTimersByTime(1);
      expect([gate.state, gate.allowedAtOnce(4), gate.retryInMs]).toEqual(['half-open', 1, 0]);
    });

    it('stays half-open until that start has ended', () => {
      fail(5);
      jest.advanceTimersByTime(600_000);
      expect([gate.state, gate.allowedAtOnce(4)]).toEqual(['half-open', 1]);
    });

    it('is closed by one success', () => {
      fail(5);
      jest.advanceTimersByTime(10_000);
      gate.succeeded();
      expect([gate.state, gate.allowedAtOnce(4), gate.retryInMs]).toEqual(['closed', 4, 0]);
    });

    it('needs five failures again once it was closed', () => {
      fail(5);
      jest.advanceTimersByTime(10_000);
      gate.succeeded();
      fail(4);
      expect(gate.state).toBe('closed');
      gate.failed();
      expect(gate.state).toBe('open');
    });

    it('is opened again by one failure, for as long, every time', () => {
      fail(5);
      for (let i = 0; i < 5; i++) {
        jest.advanceTimersByTime(40_000);
        expect(gate.state).toBe('half-open');
        gate.failed();
        expect(gate).toMatchObject({ state: 'open', retryInMs: 10_000 });
      }
    });

    it('stays open for ten seconds after the last failure of those that were under way', () => {
      fail(5);
      jest.advanceTimersByTime(4000);
      gate.failed();
      expect(gate).toMatchObject({ state: 'open', retryInMs: 10_000 });
    });
  });
});

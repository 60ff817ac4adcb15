import { nowMs } from './clock.ts';
import { Observed } from './observed.ts';

describe('Observed', () => {
  const WINDOW = { fromMs: 1000, toMs: 2000 };

  /** A request that should have come `atMs` after the start, and took so long. */
  function end(observed: Observed, atMs: number, tookMs: number, outcome = 'OK'): void {
    observed.ended({ atMs, dueAt: nowMs() - tookMs }, outcome);
  }

  it('counts from when a request should have come', () => {
    const observed = new Observed(WINDOW);
    end(observed, 1500, 300);
    expect(observed.p50Ms).toBeGreaterThanOrEqual(300);
  });

  it('counts as done what is done in the window, whenever it came', () => {
    const observed = new Observed(WINDOW);
    end(observed, 900, 500);
    end(observed, 1200, 100);
    end(observed, 1900, 500);
    expect(observed.goodput).toBe(2);
  });

  it('has the latency of what came in the window, whenever it is done', () => {
    const observed = new Observed(WINDOW);
    end(observed, 900, 500);
    end(observed, 1900, 700);
    expect(observed.okMs).toHaveLength(1);
    expect(observed.p99Ms).toBeGreaterThanOrEqual(700);
  });

  it('keeps what was refused apart', () => {
    const observed = new Observed(WINDOW);
    end(observed, 1100, 5, 'TENANT_BUSY');
    end(observed, 1100, 5);
    expect(observed.okMs).toHaveLength(1);
    expect(observed.refusedMs).toHaveLength(1);
    expect(observed.offered).toBe(2);
    expect(String(observed.outcomes)).toBe('OK 1, TENANT_BUSY 1');
  });
});

import { LoadGauge } from './load-gauge.ts';
import type { LoadLevel } from './load-stats.ts';

const RECOVERY_MS = 5000;

describe('LoadGauge', () => {
  let gauge: LoadGauge;
  let now: number;

  beforeEach(() => {
    now = 0;
    gauge = new LoadGauge({
      recoveryMs: RECOVERY_MS,
      thresholds: {
        memory: { elevated: 80, critical: 92 },
        eventLoopDelay: { elevated: 200, critical: 1000 },
        queueWait: { elevated: 2000, critical: 10_000 },
      },
    });
  });

  /** Looks once a second. */
  function look({ memory = 0, eventLoopDelay = 0, queueWait = 0 }, times = 1): LoadLevel {
    for (; times > 0; times--) gauge.look({ memory, eventLoopDelay, queueWait }, (now += 1000));
    return gauge.level;
  }

  it('is normal while everything is low', () => {
    expect(look({ memory: 79.9, eventLoopDelay: 199, queueWait: 1999 }, 10)).toBe('normal');
    expect(gauge.causes).toEqual([]);
  });

  it('rises at once for memory', () => {
    expect(look({ memory: 80 })).toBe('elevated');
    expect(look({ memory: 92 })).toBe('critical');
    expect(gauge.causes).toEqual(['memory']);
  });

  it.each([
    ['eventLoopDelay', 200, 1000],
    ['queueWait', 2000, 10_000],
  ])('rises for %s at the second look in a row', (cause, elevated, critical) => {
    expect(look({ [cause]: critical })).toBe('normal');
    expect(look({})).toBe('normal');
    expect(look({ [cause]: elevated })).toBe('normal');
    expect(look({ [cause]: critical })).toBe('elevated');
    expect(look({ [cause]: critical })).toBe('critical');
    expect(gauge.causes).toEqual([cause]);
  });

  it('does not fall before everything has been low for a while', () => {
    look({ memory: 95 });
    expect(look({ memory: 10 }, RECOVERY_MS / 1000)).toBe('critical');
    expect(gauge.causes).toEqual(['memory']);
    expect(look({ memory: 10 })).toBe('normal');
    expect(gauge.causes).toEqual([]);
  });

  it('begins to wait anew when it was not low in between', () => {
    look({ memory: 95 });
    look({ memory: 10 }, 5);
    look({ memory: 80 });
    expect(look({ memory: 10 }, 5)).toBe('critical');
    expect(look({ memory: 10 })).toBe('normal');
  });

  it('is kept by what is a little below: it does not come and go', () => {
    look({ memory: 92 });
    expect(look({ memory: 91 }, 60)).toBe('critical');
    expect(look({ memory: 79 }, 60)).toBe('critical');
    expect(look({ memory: 77 }, 60)).toBe('elevated');
    expect(look({ memory: 69 }, 60)).toBe('elevated');
    expect(look({ memory: 67 }, 60)).toBe('normal');
  });

  it('has all causes, and those only that still hold', () => {
    look({ memory: 85, eventLoopDelay: 300 }, 2);
    expect(gauge.causes).toEqual(['memory', 'eventLoopDelay']);
    look({ eventLoopDelay: 300 });
    expect(gauge.causes).toEqual(['eventLoopDelay']);
  });

  it('says when the level is another', () => {
    expect(gauge.look({ memory: 85, eventLoopDelay: 0, queueWait: 0 }, 1)).toBe(true);
    expect(gauge.look({ memory: 85, eventLoopDelay: 0, queueWait: 0 }, 2)).toBe(false);
  });
});

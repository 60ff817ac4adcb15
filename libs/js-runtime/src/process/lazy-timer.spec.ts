import { LazyTimer } from './lazy-timer.ts';

const { jest } = import.meta;

describe('LazyTimer', () => {
  let due: number;
  let timer: LazyTimer;
  const after = (ms: number): number => {
    jest.advanceTimersByTime(ms);
    return due;
  };

  beforeEach(() => {
    jest.useFakeTimers();
    due = 0;
    timer = new LazyTimer(() => {
      due++;
    });
  });

  afterEach(() => {
    timer.close();
    jest.useRealTimers();
  });

  it('is due once, when it was set for', () => {
    timer.set(100);
    expect([after(99), after(1), after(1000)]).toEqual([0, 1, 1]);
  });

  it('is not due when it was cleared, and can be set again', () => {
    timer.set(100);
    timer.clear();
    expect(after(1000)).toBe(0);
    timer.set(100);
    expect([after(99), after(1)]).toEqual([0, 1]);
  });

  it('is due when it was set for last, be it later than before or sooner', () => {
    timer.set(100);
    after(50);
    timer.clear();
    timer.set(100);
    expect([after(99), after(1)]).toEqual([0, 1]);
    timer.set(100);
    timer.set(10);
    expect([after(9), after(1), after(1000)]).toEqual([1, 2, 2]);
  });

  it('arms one timer, however often it is set and cleared', () => {
    const armed = jest.spyOn(globalThis, 'setTimeout');
    for (let count = 0; count < 10; count++) {
      timer.set(100);
      timer.clear();
      after(1);
    }
    expect(armed).toHaveBeenCalledTimes(1);
    armed.mockRestore();
  });

  it('leaves nothing behind when it is closed', () => {
    timer.set(100);
    timer.close();
    expect(jest.getTimerCount()).toBe(0);
    expect(after(1000)).toBe(0);
  });
});

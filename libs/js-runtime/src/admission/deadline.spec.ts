import { Deadline } from './deadline.ts';

const { jest } = import.meta;

describe('Deadline', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('counts down from its timeout', () => {
    const deadline = new Deadline(100);
    expect(deadline).toMatchObject({ timeoutMs: 100, remainingMs: 100, elapsedMs: 0, isOver: false });
    jest.advanceTimersByTime(60);
    expect(deadline).toMatchObject({ timeoutMs: 100, remainingMs: 40, elapsedMs: 60, isOver: false });
  });

  it('is over at the very moment, not before', () => {
    const deadline = new Deadline(100);
    jest.advanceTimersByTime(99);
    expect(deadline.isOver).toBe(false);
    jest.advanceTimersByTime(1);
    expect(deadline.isOver).toBe(true);
  });

  it('never has less than a millisecond left, so that no timeout is zero or negative', () => {
    const deadline = new Deadline(100);
    jest.advanceTimersByTime(5000);
    expect(deadline).toMatchObject({ remainingMs: 1, elapsedMs: 5000, isOver: true });
  });

  it('rounds what is left up to whole milliseconds', () => {
    const deadline = new Deadline(0.5);
    expect(deadline.remainingMs).toBe(1);
    expect(new Deadline(10.2).remainingMs).toBe(11);
  });
});

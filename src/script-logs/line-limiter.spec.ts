import { LineLimiter } from './line-limiter.ts';

const { jest } = import.meta;

describe('LineLimiter', () => {
  let dropped: [tenantId: string, lines: number][];
  let limiter: LineLimiter;

  beforeEach(() => {
    jest.useFakeTimers();
    dropped = [];
    limiter = new LineLimiter(2, (tenantId, lines) => dropped.push([tenantId, lines]));
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  /** How many of so many lines are admitted. */
  const admitted = (tenantId: string, lines: number): number =>
    Array.from({ length: lines }, () => limiter.admit(tenantId)).filter(Boolean).length;

  it("admits five seconds' lines at once, and then as many as time brings", () => {
    expect(admitted('acme', 100)).toBe(10);
    jest.advanceTimersByTime(500);
    expect(admitted('acme', 100)).toBe(1);
    jest.advanceTimersByTime(2000);
    expect(admitted('acme', 100)).toBe(4);
  });

  it('saves no more than five seconds are worth', () => {
    admitted('acme', 100);
    jest.advanceTimersByTime(3_600_000);
    expect(admitted('acme', 100)).toBe(10);
  });

  it('lets no tenant take what another may have', () => {
    admitted('acme', 1000);
    expect(admitted('globex', 10)).toBe(10);
  });

  it('admits ten times as much of all tenants together', () => {
    const all = Array.from({ length: 20 }, (_, n) => admitted(`t${n}`, 10));
    expect(all.reduce((sum, lines) => sum + lines, 0)).toBe(100);
    jest.advanceTimersByTime(1000);
    expect(admitted('t19', 10) + admitted('t18', 10) + admitted('t17', 10)).toBe(20);
  });

  it('tells of what was dropped once in ten seconds', () => {
    admitted('acme', 15);
    admitted('globex', 11);
    admitted('initech', 10);
    expect(dropped).toEqual([]);
    jest.advanceTimersByTime(10_000);
    expect(dropped).toEqual([
      ['acme', 5],
      ['globex', 1],
    ]);
    jest.advanceTimersByTime(20_000);
    expect(dropped).toHaveLength(2);
    admitted('acme', 12);
    jest.advanceTimersByTime(10_000);
    expect(dropped.slice(2)).toEqual([['acme', 2]]);
  });

  it('remembers nobody who has been silent, and waits for nothing then', () => {
    for (let n = 0; n < 1000; n++) limiter.admit(`t${n}`);
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(20_000);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('tells at its end of what it has not told yet', () => {
    admitted('acme', 15);
    limiter.close();
    expect(dropped).toEqual([['acme', 5]]);
    expect(jest.getTimerCount()).toBe(0);
  });
});

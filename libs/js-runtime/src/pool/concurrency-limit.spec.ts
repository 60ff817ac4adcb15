import { ConcurrencyLimit } from './concurrency-limit.ts';

describe('ConcurrencyLimit', () => {
  const CPUS = 2;
  const MAX_VMS = 10;
  let limit: ConcurrencyLimit;

  beforeEach(() => {
    limit = new ConcurrencyLimit(CPUS, MAX_VMS);
  });

  function look(times: number, lateMs: number, atWork: number, share = 1): number {
    for (let i = 0; i < times; i++) limit.look(lateMs, atWork, share);
    return limit.most;
  }

  it('is none as long as the backend is in time', () => {
    expect(limit.most).toBe(Infinity);
    expect(look(1000, 2, MAX_VMS)).toBe(Infinity);
    expect(look(1000, 5, MAX_VMS)).toBe(Infinity);
  });

  it('is fewer than there are at work, and fewer each time that it is late', () => {
    expect([look(1, 6, 10), look(1, 6, 8), look(1, 6, 6), look(1, 6, 20)]).toEqual([8, 6, 4, 3]);
  });

  it('is never less than there are CPUs', () => {
    expect(look(100, 1000, CPUS + 1)).toBe(CPUS);
  });

  it('is none when it was late by itself: each of those at work has a CPU', () => {
    expect(look(100, 1000, CPUS)).toBe(Infinity);
  });

  it('is none when they took little of the CPUs: they waited for something else', () => {
    expect(look(100, 1000, MAX_VMS, 0.39)).toBe(Infinity);
    expect(look(100, 1000, MAX_VMS, 0.4)).toBe(CPUS);
  });

  it('is one more whenever it was in time ten times in a row', () => {
    look(100, 6, 10);
    expect([look(9, 0, 2), look(1, 0, 2), look(10, 2, 3)]).toEqual([2, 3, 4]);
  });

  it('stays when it was a little late', () => {
    look(100, 6, 10);
    look(9, 0, 2);
    expect([look(1, 3, 2), look(9, 0, 2), look(1, 0, 2)]).toEqual([2, 2, 3]);
  });

  it('is none again beyond what there can be', () => {
    look(100, 6, 10);
    expect(look(80, 0, 10)).toBe(MAX_VMS);
    expect(look(10, 0, 10)).toBe(Infinity);
  });
});

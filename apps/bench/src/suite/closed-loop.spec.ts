import { ClosedLoop } from './closed-loop.ts';
import type { Load } from './messages.ts';
import { nothing, type Prepared } from './peer.ts';
import { trivial } from './workloads/trivial.ts';

const LOAD: Load = { inFlight: 1, gapMs: 0, rampMs: 0, forMs: 1, minRuns: 10, mostMs: 10_000 };

/** Answers right, and keeps account. */
function honest(): { readonly prepared: Prepared; readonly tenants: string[]; readonly most: () => number } {
  const tenants: string[] = [];
  let [atOnce, most] = [0, 0];
  const run = async (tenantId: string): Promise<string> => {
    tenants.push(tenantId);
    most = Math.max(most, ++atOnce);
    await new Promise(setImmediate);
    atOnce--;
    return `${tenantId} 42`;
  };
  return { prepared: { run, close: nothing }, tenants, most: () => most };
}

describe('ClosedLoop', () => {
  it('goes on until there are as many runs as there must be', async () => {
    const { timesMs, wallMs, runs } = await new ClosedLoop(trivial, honest().prepared, 1).measure(LOAD);
    expect(timesMs.length).toBeGreaterThanOrEqual(10);
    expect(runs).toBeGreaterThanOrEqual(timesMs.length);
    expect(wallMs).toBeGreaterThan(0);
  });

  it('has so many in flight, and lets tenants take turns', async () => {
    const { prepared, tenants, most } = honest();
    await new ClosedLoop(trivial, prepared, 3).measure({ ...LOAD, inFlight: 8 });
    expect(most()).toBe(8);
    expect(tenants.slice(0, 4)).toEqual(['tenant-0', 'tenant-1', 'tenant-2', 'tenant-0']);
  });

  it('counts nothing of the ramp', async () => {
    const { timesMs, runs } = await new ClosedLoop(trivial, honest().prepared, 1).measure({ ...LOAD, rampMs: 500 });
    expect(runs).toBeGreaterThan(timesMs.length);
  });

  it('warms up until every tenant has been there', async () => {
    const { prepared, tenants } = honest();
    await new ClosedLoop(trivial, prepared, 20).warmUp(0, 10_000, 2);
    expect(new Set(tenants).size).toBe(20);
  });

  it('stops all callers when one finds something wrong', async () => {
    let runs = 0;
    const run = async (tenantId: string): Promise<string> => Promise.resolve(++runs === 5 ? 'wrong' : `${tenantId} 42`);
    const loop = new ClosedLoop(trivial, { run, close: nothing }, 1);
    await expect(loop.measure({ ...LOAD, inFlight: 4, minRuns: 1e9 })).rejects.toThrow('wrong result: "wrong"');
    await new Promise(setImmediate);
    const then = runs;
    await new Promise(setImmediate);
    expect(runs).toBe(then);
  });
});

import { endOf, usePool } from '../../test-support/use-pool.ts';
import { Deadline } from '../admission/deadline.ts';
import type { VmLease } from './vm-lease.ts';

const { jest } = import.meta;

describe('The pool under load', () => {
  const under = usePool();

  /** Has the monitor find so much memory in use, and lets the pool draw its consequences. */
  async function memoryIs(percent: number): Promise<void> {
    under.meters.memoryPercent = percent;
    under.load.look();
    await under.settle();
  }

  /** Lets VMs be idle for so long that they are given up. */
  async function idle(): Promise<void> {
    await jest.advanceTimersByTimeAsync(1000);
    under.load.look();
    await under.settle();
  }

  async function recover(): Promise<void> {
    await memoryIs(10);
    jest.advanceTimersByTime(5000);
    await memoryIs(10);
  }

  it('keeps half of its VMs while the load is elevated, and says why the others went', async () => {
    await under.open(5);
    await memoryIs(85);
    expect(under.load.level).toBe('elevated');
    await idle();
    expect(under.pool.stats()).toMatchObject({ available: 3, starting: 0, destroyedBy: { load: 2 } });
  });

  it('keeps one VM at least', async () => {
    await under.open(1);
    await memoryIs(99);
    await idle();
    expect(under.pool.stats()).toMatchObject({ available: 1 });
  });

  it('lets what runs go on, and has less VMs afterwards', async () => {
    await under.open(2);
    const leases = [await under.acquire('acme'), await under.acquire('globex')];
    await memoryIs(99);
    expect(under.pool.stats()).toMatchObject({ inUse: 2, destroyed: 0 });
    for (const lease of leases) under.pool.release(lease);
    await idle();
    expect(under.pool.stats()).toMatchObject({ inUse: 0, available: 1, destroyedBy: { load: 1 } });
  });

  it('is as large as before when the load is normal again', async () => {
    await under.open(4);
    await memoryIs(99);
    await idle();
    expect(under.pool.stats().available).toBe(2);
    await recover();
    expect(under.load.level).toBe('normal');
    expect(under.pool.stats()).toMatchObject({ available: 4 });
  });

  it('starts no additional VM while the load is elevated, however long somebody waits', async () => {
    await under.open(2, { maxVms: 4, overflowAfterMs: 100, tenantConcurrency: 4 });
    await memoryIs(85);
    await under.acquire('acme');
    await under.acquire('acme');
    const waiting = endOf(under.acquire('acme'));
    await jest.advanceTimersByTimeAsync(500);
    expect(under.pool.stats()).toMatchObject({ inUse: 2, starting: 0, waiting: 1 });
    expect(under.factory.vms).toHaveLength(2);
    await jest.advanceTimersByTimeAsync(500);
    expect(await waiting).toMatchObject({ code: 'POOL_EXHAUSTED' });
  });

  it('lets only a quarter as many wait while the load is elevated', async () => {
    await under.open(1, { tenantConcurrency: 1, tenantQueueSize: 8 });
    await under.acquire('acme');
    await memoryIs(85);
    const waiting = Array.from({ length: 2 }, async () => endOf(under.acquire('acme')));
    expect(await endOf(under.acquire('acme'))).toMatchObject({ code: 'TENANT_BUSY' });
    expect(under.pool.stats().waiting).toBe(2);
    await recover();
    const more = Array.from({ length: 6 }, async () => endOf(under.acquire('acme')));
    expect(under.pool.stats().waiting).toBeGreaterThanOrEqual(6);
    await jest.advanceTimersByTimeAsync(1000);
    await Promise.all([...waiting, ...more]);
  });

  it('refuses who comes new while the load is critical, and serves who waits', async () => {
    await under.open(1, { tenantConcurrency: 1 });
    const lease = await under.acquire('acme');
    const waiting = under.acquire('globex');
    await memoryIs(95);
    expect(await endOf(under.acquire('initech'))).toMatchObject({
      code: 'OVERLOADED',
      retryable: true,
      details: { retryAfterMs: 5000 },
    });
    under.pool.release(lease);
    await under.settle();
    under.fakeOf(lease).finishRecycling();
    await under.settle();
    await expect(waiting).resolves.toMatchObject({ tenantId: 'globex' });
    const { requested, waits, refused } = under.pool.stats();
    expect({ requested, leased: waits.count, refused }).toEqual({
      requested: 3,
      leased: 2,
      refused: { OVERLOADED: 1 },
    });
  });

  it('takes who comes again by itself', async () => {
    await under.open(1);
    await memoryIs(95);
    await recover();
    await expect(under.acquire('acme')).resolves.toMatchObject({ tenantId: 'acme' });
  });

  it('measures how long VMs were, and are, waited for', async () => {
    await under.open(1, { tenantConcurrency: 1, elevatedQueueWaitMs: 100 });
    await under.acquire('acme');
    const waiting = endOf(under.acquire('globex'));
    await jest.advanceTimersByTimeAsync(150);
    under.load.look();
    expect(under.load.stats()).toMatchObject({ queueWaitMs: 150, level: 'normal' });
    under.load.look();
    expect(under.load.stats()).toMatchObject({ queueWaitMs: 150, level: 'elevated', causes: ['queueWait'] });
    await jest.advanceTimersByTimeAsync(1000);
    await waiting;
  });

  it('keeps no level when nothing can be measured, and goes on', async () => {
    await under.open(1, { loadRecoveryMs: 1000 });
    await memoryIs(95);
    const memory = jest.spyOn(under.meters, 'memory').mockImplementation(() => {
      throw new Error('EMFILE');
    });
    await idle();
    await idle();
    expect(under.load.level).toBe('normal');
    memory.mockRestore();
    await idle();
    expect(under.load.level).toBe('critical');
  });

  it('counts and keeps the levels that were entered', async () => {
    await under.open(1);
    await memoryIs(85);
    await memoryIs(95);
    await recover();
    expect(under.load.stats().entered).toEqual({ normal: 1, elevated: 1, critical: 1 });
  });

  it('is not closed by one tenant that waits for itself', async () => {
    await under.open(4, { tenantConcurrency: 1, timeoutMs: 60_000 });
    const deadline = new Deadline(60_000);
    const flood = Array.from({ length: 30 }, async () => under.acquire('flood', { deadline }));
    for (const turn of flood) {
      const lease = await turn;
      await jest.advanceTimersByTimeAsync(1000);
      under.pool.release(lease);
      under.load.look();
      expect(under.load.level).toBe('normal');
    }
  });

  it('gives up one VM after the other, that first which was used longest ago', async () => {
    await under.open(4);
    for (const vm of under.factory.vms) vm.lingers = true;
    const leases = await Promise.all(['a', 'b', 'c', 'd'].map(async (tenantId) => under.acquire(tenantId)));
    for (const index of [2, 0, 3, 1]) {
      jest.advanceTimersByTime(1000);
      under.pool.release(leases[index] as VmLease);
    }
    await memoryIs(85);
    await idle();
    expect(under.pool.stats()).toMatchObject({ available: 3, ending: 1 });
    for (const vm of under.factory.vms) if (!vm.alive) vm.exit();
    await under.settle();
    expect(under.pool.stats()).toMatchObject({ available: 2, ending: 1 });
    for (const vm of under.factory.vms) if (!vm.alive) vm.exit();
    await under.settle();
    expect(under.pool.vms().map(({ tenantId }) => tenantId)).toEqual(['b', 'd']);
  });

  it('keeps the VMs that are used', async () => {
    await under.open(2);
    await memoryIs(85);
    for (let turn = 0; turn < 5; turn++) {
      for (const lease of [await under.acquire('a'), await under.acquire('b')]) under.pool.release(lease);
      jest.advanceTimersByTime(500);
      await memoryIs(85);
    }
    expect(under.pool.stats()).toMatchObject({ available: 2, destroyed: 0 });
  });

  it('starts VMs up to its size for those who wait while the load is elevated', async () => {
    await under.open(4, { maxVms: 8, overflowAfterMs: 100 });
    await memoryIs(85);
    await idle();
    expect(under.pool.stats()).toMatchObject({ available: 2 });
    const leases = ['a', 'b', 'c', 'd', 'e'].map(async (tenantId) => under.acquire(tenantId));
    await jest.advanceTimersByTimeAsync(500);
    expect(under.pool.stats()).toMatchObject({ inUse: 4, waiting: 1, starting: 0 });
    under.pool.release(await (leases[0] as Promise<VmLease>));
    await expect(Promise.all(leases)).resolves.toHaveLength(5);
  });

  it('does not give up its idle VMs one after the other for a tenant that shares none', async () => {
    await under.open(6, { tenants: { careful: { tenantBoundary: 'process' } } });
    const leases = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(async (tenantId) => under.acquire(tenantId)));
    await memoryIs(85);
    const careful = under.acquire('careful');
    under.pool.release(leases[0] as VmLease);
    under.pool.release(leases[1] as VmLease);
    await jest.advanceTimersByTimeAsync(500);
    await expect(careful).resolves.toMatchObject({ tenantId: 'careful' });
    expect(under.pool.stats()).toMatchObject({ inUse: 5, destroyedBy: { rebind: 1 } });
  });
});

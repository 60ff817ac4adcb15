import { availableParallelism } from 'node:os';
import { endOf, usePool } from '../../test-support/use-pool.ts';
import { TenantCpu } from './tenant-cpu.ts';
import { Deadline } from '../admission/deadline.ts';
import type { TenantOverrides } from '../config/tenant-policy.ts';
import type { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { VmLease } from './vm-lease.ts';

const { jest } = import.meta;
const cancelled: Error = expect.objectContaining({ code: 'CANCELLED' });
const exhausted: Error = expect.objectContaining({ code: 'POOL_EXHAUSTED' });
const busy: Error = expect.objectContaining({ code: 'TENANT_BUSY' });

describe('VmPoolService and those who wait', () => {
  const on = usePool();
  const { acquire, fakeOf, open, settle } = on;

  /** Serves everybody who waits, one after the other on one VM, and tells in which order. Each has it for as long as a turn lasts, or less. */
  async function serveAll(first: VmLease, waiting: readonly Promise<VmLease>[], eachMs = 20): Promise<string> {
    const order: string[] = [];
    const turns = waiting.map(async (promise) => {
      const lease = await promise;
      order.push(lease.tenantId);
      jest.advanceTimersByTime(eachMs);
      on.pool.release(lease);
    });
    jest.advanceTimersByTime(eachMs);
    on.pool.release(first);
    await Promise.all(turns);
    return order.join(' ');
  }

  it('serves one tenant in the order in which it came', async () => {
    await open(1);
    const first = await acquire('a');
    const order: number[] = [];
    const waiting = [1, 2, 3].map(async (number) => {
      const lease = await acquire('a');
      order.push(number);
      return lease;
    });
    expect(on.pool.stats()).toMatchObject({ available: 0, inUse: 1, waiting: 3 });
    on.pool.release(first);
    for (const turn of waiting) on.pool.release(await turn);
    expect(order).toEqual([1, 2, 3]);
  });

  it('serves tenants in turn, however many of one wait', async () => {
    await open(1);
    const first = await acquire('a');
    const waiting = ['a', 'a', 'a', 'b', 'b', 'c'].map(async (tenantId) => acquire(tenantId));
    await expect(serveAll(first, waiting)).resolves.toBe('b c a b a a');
  });

  it('serves tenants by their weight', async () => {
    await open(1, { tenants: { heavy: { tenantWeight: 2 } } });
    const first = await acquire('a');
    const waiting = ['light', 'light', 'light', 'heavy', 'heavy', 'heavy', 'heavy'].map(async (id) => acquire(id));
    await expect(serveAll(first, waiting)).resolves.toBe('light heavy heavy light heavy heavy light');
  });

  describe('whose executions are short', () => {
    it('lets a tenant go on until its turn is over, for one new isolate', async () => {
      await open(1);
      const first = await acquire('a');
      const waiting = ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'c'].map(async (tenantId) => acquire(tenantId));
      // What has begun before the turn is over, 20 ms after the first got its VM, is part of it.
      await expect(serveAll(first, waiting, 8)).resolves.toBe('a a b b b c a a');
      expect(fakeOf(first).resets).toBe(3);
    });

    it('counts no more than a turn, however many there were in it', async () => {
      await open(1, { tenantConcurrency: 1 });
      const first = await acquire('a');
      const waiting = ['a', 'a', 'b', 'a', 'a', 'b', 'b', 'b'].map(async (tenantId) => acquire(tenantId));
      await expect(serveAll(first, waiting, 10)).resolves.toBe('a b b a a b b a');
    });

    it('leaves the VM to the next as soon as none of the tenant waits', async () => {
      await open(1);
      const first = await acquire('a');
      const waiting = ['b', 'c', 'b'].map(async (tenantId) => acquire(tenantId));
      await expect(serveAll(first, waiting, 1)).resolves.toBe('b b c');
    });

    it('lets no tenant have more than tenantConcurrency by that', async () => {
      await open(2, { tenantConcurrency: 1 });
      const [first, other] = [await acquire('a'), await acquire('b')];
      const [more, third] = [acquire('a'), acquire('c')];
      on.pool.release(other);
      await expect(third).resolves.toMatchObject({ tenantId: 'c' });
      expect(on.pool.stats()).toMatchObject({ inUse: 2, waiting: 1 });
      on.pool.release(first);
      await expect(more).resolves.toMatchObject({ tenantId: 'a' });
    });

    it('has nobody go on whose deadline has passed', async () => {
      await open(1);
      const first = await acquire('a');
      const late = endOf(acquire('a', { deadline: new Deadline(5) }));
      const next = acquire('b');
      // The clock goes on, and nobody hears of it: the event loop is busy.
      const now = performance.now() + 5;
      jest.spyOn(performance, 'now').mockImplementation(() => now);
      on.pool.release(first);
      jest.restoreAllMocks();
      await expect(late).resolves.toEqual(exhausted);
      await expect(next).resolves.toMatchObject({ tenantId: 'b' });
    });

    it('has nobody go on with a process that others have used who may not share one', async () => {
      const tenants: Record<string, TenantOverrides> = {};
      await open(1, { maxVms: 2, tenants: (id: string) => tenants[id] });
      await on.visit('b');
      const first = await acquire('a');
      tenants.a = { tenantBoundary: 'process' };
      const next = acquire('a');
      on.pool.release(first);
      expect(on.pool.stats().inUse).toBe(0);
      await expect(next.then(({ vm }) => vm.id)).resolves.not.toBe(first.vm.id);
    });
  });

  describe('while the backend is late', () => {
    const CPUS = availableParallelism();
    /** As many VMs as the CPUs are too few for. */
    const MANY = CPUS + 3;

    /** By how much the clock is ahead of the timers: all that they were late. */
    let lateMs: number;
    /** How much of the CPUs those at work take. */
    let share: number;

    beforeEach(() => {
      lateMs = 0;
      share = 1;
      jest.spyOn(TenantCpu.prototype, 'share', 'get').mockImplementation(() => share);
      const now = performance.now.bind(performance);
      jest.spyOn(performance, 'now').mockImplementation(() => now() + lateMs);
    });

    afterEach(() => {
      jest.restoreAllMocks();
    });

    /** The pool has a look at its VMs, of which these run, and comes so much later than it should. */
    function look(running: readonly VmLease[], ms: number): void {
      for (const lease of running) fakeOf(lease).ranMs += 0.001;
      lateMs += ms;
      jest.advanceTimersByTime(10);
    }

    /** Has so many at work that the backend is late, until there may be as many as there are CPUs; those go on. */
    async function leaseUntilLate(tenantIds: readonly string[]): Promise<VmLease[]> {
      const lease = async (tenantId: string): Promise<VmLease> => acquire(tenantId);
      const leases = await Promise.all(tenantIds.map(lease));
      const more = await Promise.all(['x', 'y', 'z'].map(lease));
      for (let looks = 0; looks < 5; looks++) look([...leases, ...more], 10);
      for (const one of more) on.pool.release(one);
      return leases;
    }

    const allOfA = new Array<string>(CPUS).fill('a');

    it('has no more VMs at work than there are CPUs, and starts none for those who wait', async () => {
      await open(MANY, { maxVms: 2 * MANY, tenantConcurrency: MANY });
      const leases = await leaseUntilLate(allOfA.map((_, index) => `tenant ${index}`));
      const more = acquire('one more');
      const again = acquire('tenant 0');
      for (let looks = 0; looks < 5; looks++) look(leases, 10);
      expect(on.pool.stats()).toMatchObject({ inUse: CPUS, waiting: 2, starting: 0, created: MANY });
      on.pool.release(leases[0] as VmLease);
      await expect(more).resolves.toMatchObject({ tenantId: 'one more' });
      expect(on.pool.stats()).toMatchObject({ inUse: CPUS, waiting: 1 });
      on.pool.release(await more);
      await expect(again).resolves.toMatchObject({ tenantId: 'tenant 0' });
    });

    it('lets a tenant that has nothing at work begin beside one that has all that may be', async () => {
      if (CPUS === 1) return;
      await open(MANY, { tenantConcurrency: MANY });
      await leaseUntilLate(allOfA);
      const more = acquire('a');
      await expect(acquire('b')).resolves.toMatchObject({ tenantId: 'b' });
      expect(on.pool.stats()).toMatchObject({ inUse: CPUS + 1, waiting: 1 });
      more.catch(() => undefined);
    });

    it('pays no heed to what was lowered', async () => {
      await open(MANY, { tenantConcurrency: MANY });
      const leases = await leaseUntilLate(allOfA);
      const more = acquire('a');
      await settle();
      expect(on.pool.stats()).toMatchObject({ inUse: CPUS, waiting: 1 });
      fakeOf(leases[0] as VmLease).ranMs += 100;
      look(leases, 10);
      await expect(more).resolves.toMatchObject({ tenantId: 'a' });
    });

    it('pays no heed to what waits for something', async () => {
      await open(MANY, { tenantConcurrency: MANY });
      const [, ...running] = await leaseUntilLate(allOfA);
      const more = acquire('a');
      for (let looks = 0; looks < 3; looks++) look(running, 3);
      await settle();
      expect(on.pool.stats()).toMatchObject({ inUse: CPUS, waiting: 1 });
      look(running, 3);
      await expect(more).resolves.toMatchObject({ tenantId: 'a' });
    });

    it('lets all begin when it is not for want of CPUs', async () => {
      share = 0.1;
      await open(MANY, { tenantConcurrency: MANY });
      await leaseUntilLate(allOfA);
      await expect(acquire('a')).resolves.toMatchObject({ tenantId: 'a' });
    });

    it('lets more begin as soon as it is in time again', async () => {
      await open(MANY, { tenantConcurrency: MANY });
      const leases = await leaseUntilLate(allOfA);
      const more = acquire('a');
      for (let looks = 0; looks < 9; looks++) look(leases, 0);
      await settle();
      expect(on.pool.stats().waiting).toBe(1);
      look(leases, 0);
      await expect(more).resolves.toMatchObject({ tenantId: 'a' });
    });

    it('lets all begin where the load is not measured', async () => {
      await open(MANY, { tenantConcurrency: MANY, loadEnabled: false });
      await leaseUntilLate(allOfA);
      await expect(acquire('a')).resolves.toMatchObject({ tenantId: 'a' });
    });
  });

  it('gives a VM that comes free to who waits, not to who comes just then', async () => {
    await open(1);
    const first = await acquire('a');
    const waiting = acquire('b');
    on.pool.release(first);
    const late = acquire('a');
    await expect(waiting).resolves.toMatchObject({ tenantId: 'b' });
    expect(on.pool.stats()).toMatchObject({ inUse: 1, waiting: 1 });
    on.pool.release(await waiting);
    await expect(late).resolves.toMatchObject({ tenantId: 'a' });
  });

  it('lets a tenant have no more VMs at a time than tenantConcurrency, and others the rest', async () => {
    await open(3, { tenantConcurrency: 2 });
    const leases = [await acquire('a'), await acquire('a')];
    const third = acquire('a');
    await settle();
    expect(on.pool.stats()).toMatchObject({ available: 1, inUse: 2, waiting: 1 });
    await expect(acquire('b')).resolves.toMatchObject({ tenantId: 'b' });
    on.pool.release(leases[0] as VmLease);
    await expect(third).resolves.toMatchObject({ tenantId: 'a' });
  });

  it('lets a tenant of its own concurrency have more', async () => {
    await open(3, { tenantConcurrency: 1, tenants: { big: { tenantConcurrency: 3 } } });
    await Promise.all([acquire('big'), acquire('big'), acquire('big')]);
    expect(on.pool.stats()).toMatchObject({ available: 0, inUse: 3 });
  });

  it('keeps the place of an execution taken while the VM that it cost is missing', async () => {
    await open(3, { tenantConcurrency: 2, maxVms: 3 });
    const leases = [await acquire('flood'), await acquire('flood')];
    const next = acquire('flood', { deadline: new Deadline(60_000) });
    on.factory.holdsStarts = true;
    fakeOf(leases[0] as VmLease).exit();
    expect(() => {
      on.pool.release(leases[0] as VmLease);
    }).toThrow(/had ended/);
    await settle();
    // One runs, one VM is being replaced, and the third is for others.
    expect(on.pool.stats()).toMatchObject({ available: 1, inUse: 1, starting: 1, waiting: 1 });
    await expect(acquire('other')).resolves.toMatchObject({ tenantId: 'other' });
    on.factory.heldStarts[0]?.succeed();
    await expect(next).resolves.toMatchObject({ tenantId: 'flood' });
  });

  it('frees such a place at once while others would not miss the VM', async () => {
    await open(4, { tenantConcurrency: 1, maxVms: 4 });
    on.factory.holdsStarts = true;
    const lease = await acquire('a');
    fakeOf(lease).exit();
    expect(() => {
      on.pool.release(lease);
    }).toThrow(/had ended/);
    await expect(acquire('a')).resolves.toMatchObject({ tenantId: 'a' });
  });

  it('frees such a place also when VMs do not start: what is left is for everybody', async () => {
    await open(2, { tenantConcurrency: 1, maxVms: 2 });
    const lease = await acquire('a');
    const next = acquire('a', { deadline: new Deadline(60_000) });
    on.factory.failingStarts = 5;
    fakeOf(lease).exit();
    expect(() => {
      on.pool.release(lease);
    }).toThrow(/had ended/);
    await jest.advanceTimersByTimeAsync(3000);
    expect(on.pool.stats()).toMatchObject({ breaker: 'open' });
    await expect(next).resolves.toMatchObject({ vm: { id: 'vm-2' } });
  });

  it('refuses who comes to a full line with TENANT_BUSY, and says when to come again', async () => {
    await open(3, { tenantConcurrency: 2, tenantQueueSize: 1 });
    await acquire('a');
    jest.advanceTimersByTime(4000);
    await acquire('a');
    const queued = acquire('a', { deadline: new Deadline(60_000) });
    const error = (await endOf(acquire('a'))) as JsRuntimeError;
    expect(error).toEqual(busy);
    expect(error.message).toBe('2 executions of the tenant run, and 1 wait: no more may');
    // One waits before it, two are served at a time, the oldest has taken 4 s so far.
    expect(error.details).toEqual({
      limit: { name: 'tenantConcurrency', allowed: 2, used: 2 },
      retryAfterMs: 4000,
    });
    await expect(acquire('b')).resolves.toMatchObject({ tenantId: 'b' });
    expect(on.pool.stats()).toMatchObject({ waiting: 1, refused: { TENANT_BUSY: 1 } });
    void queued.catch(() => undefined);
  });

  it('refuses everybody with POOL_EXHAUSTED when all lines together are full', async () => {
    await open(1, { queueSize: 2 });
    await acquire('a');
    const queued = [acquire('b'), acquire('c')];
    const error = (await endOf(acquire('d'))) as JsRuntimeError;
    expect(error).toEqual(exhausted);
    expect(error.message).toBe('2 executions wait already');
    expect(error.details.retryAfterMs).toBeGreaterThanOrEqual(100);
    for (const waiting of queued) void waiting.catch(() => undefined);
  });

  it('refuses nobody a VM that is free, because others wait for themselves', async () => {
    await open(3, { queueSize: 2, tenantConcurrency: 1 });
    await acquire('a');
    const queued = [acquire('a'), acquire('a')];
    await expect(endOf(acquire('a'))).resolves.toMatchObject({ code: 'POOL_EXHAUSTED' });
    await acquire('b');
    // The third VM was b's: its isolate has to be replaced, for which c waits.
    await on.pool.withVm(async () => Promise.resolve(), { tenantId: 'd', deadline: new Deadline(1000) });
    await expect(acquire('c')).resolves.toMatchObject({ tenantId: 'c' });
    for (const waiting of queued) void waiting.catch(() => undefined);
  });

  it('has a process replaced for who needs one, though another VM is to be replaced and has no room to', async () => {
    await open(2, { vmMaxAgeMs: 10_000, tenants: { careful: { tenantBoundary: 'process' } } });
    await acquire('a');
    await on.pool.withVm(async () => Promise.resolve(), { tenantId: 'b', deadline: new Deadline(1000) });
    await jest.advanceTimersByTimeAsync(10_000);
    await expect(acquire('careful', { deadline: new Deadline(5000) })).resolves.toMatchObject({ tenantId: 'careful' });
  });

  it('is told why the tenant has no place, while what it cost is replaced', async () => {
    await open(2, { tenantConcurrency: 1, tenantQueueSize: 1 });
    await acquire('other');
    const lease = await acquire('a');
    on.factory.holdsStarts = true;
    fakeOf(lease).exit();
    expect(() => {
      on.pool.release(lease);
    }).toThrow(/had ended/);
    const waiting = endOf(acquire('a'));
    const why = '0 executions of the tenant run, 1 VMs that others of it have cost are being replaced';
    await expect(endOf(acquire('a'))).resolves.toMatchObject({
      code: 'TENANT_BUSY',
      message: `${why}, and 1 wait: no more may`,
      details: { limit: { name: 'tenantConcurrency', allowed: 1, used: 1 } },
    });
    await jest.advanceTimersByTimeAsync(1000);
    await expect(waiting).resolves.toMatchObject({ code: 'TENANT_BUSY', message: `${why}, during all of 1000 ms` });
  });

  it('ends with POOL_EXHAUSTED at the deadline, when there was no VM', async () => {
    await open(1);
    await acquire('a');
    const waiting = endOf(acquire('b'));
    await jest.advanceTimersByTimeAsync(999);
    expect(on.pool.stats()).toMatchObject({ waiting: 1 });
    await jest.advanceTimersByTimeAsync(1);
    await expect(waiting).resolves.toEqual(exhausted);
    expect(on.pool.stats()).toMatchObject({ inUse: 1, waiting: 0 });
  });

  it('ends with TENANT_BUSY at the deadline, when the tenant had all it may have', async () => {
    await open(2, { tenantConcurrency: 1 });
    await acquire('a');
    const waiting = endOf(acquire('a'));
    await jest.advanceTimersByTimeAsync(1000);
    await expect(waiting).resolves.toEqual(busy);
  });

  it('gives no VM to one whose deadline has passed, even if its timer is late, but to the next', async () => {
    await open(1);
    const first = await acquire('a');
    const late = endOf(acquire('a', { deadline: new Deadline(10) }));
    const next = acquire('a', { deadline: new Deadline(60_000) });
    // The clock goes on, but no timer fires: the event loop was blocked.
    jest.setSystemTime(Date.now());
    const now = performance.now();
    jest.spyOn(performance, 'now').mockImplementation(() => now + 11);
    on.pool.release(first);
    await expect(late).resolves.toEqual(exhausted);
    await expect(next).resolves.toMatchObject({ tenantId: 'a' });
    jest.spyOn(performance, 'now').mockRestore();
  });

  it('ends with CANCELLED when the signal fires, and the VM goes to the next', async () => {
    await open(1);
    const lease = await acquire('a');
    const controller = new AbortController();
    const impatient = endOf(acquire('b', { signal: controller.signal }));
    const patient = acquire('c');
    controller.abort();
    await expect(impatient).resolves.toEqual(cancelled);
    on.pool.release(lease);
    await expect(patient).resolves.toMatchObject({ tenantId: 'c' });
  });

  it('does not begin when the signal had fired before', async () => {
    await open(1);
    await expect(acquire('a', { signal: AbortSignal.abort() })).rejects.toEqual(cancelled);
    expect(on.pool.stats()).toMatchObject({ available: 1, inUse: 0, waiting: 0, refused: { CANCELLED: 1 } });
  });

  it('never loses a VM that is being started when whoever waits for it leaves', async () => {
    await open(1, { maxVms: 2 });
    await acquire('a');
    on.factory.holdsStarts = true;
    const controller = new AbortController();
    const waiting = endOf(acquire('b', { signal: controller.signal, deadline: new Deadline(60_000) }));
    await jest.advanceTimersByTimeAsync(100);
    expect(on.pool.stats()).toMatchObject({ starting: 1 });
    controller.abort();
    await expect(waiting).resolves.toEqual(cancelled);
    expect(on.factory.startsGivenUp).toBe(0);
    const another = acquire('c');
    on.factory.heldStarts[0]?.succeed();
    await expect(another).resolves.toMatchObject({ vm: { id: 'vm-2' } });
  });

  describe('longer than overflowAfterMs', () => {
    it('get one more VM, which is retired when nobody needs it any more', async () => {
      await open(1, { maxVms: 2, overflowAfterMs: 50 });
      const first = await acquire('a');
      const waiting = acquire('b');
      await jest.advanceTimersByTimeAsync(49);
      expect(on.pool.stats()).toMatchObject({ starting: 0, waiting: 1, overflow: 0 });
      await jest.advanceTimersByTimeAsync(1);
      const second = await waiting;
      expect(fakeOf(second).id).toBe('vm-2');
      expect(on.pool.stats()).toMatchObject({ inUse: 2, overflow: 1 });
      on.pool.release(second);
      await settle();
      expect(on.pool.stats()).toMatchObject({ inUse: 1, available: 0, overflow: 0, destroyedBy: { overflow: 1 } });
      on.pool.release(first);
      expect(on.pool.stats()).toMatchObject({ inUse: 0, available: 1 });
    });

    it('get one each, up to maxVms', async () => {
      await open(1, { maxVms: 3, overflowAfterMs: 50, tenantConcurrency: 10 });
      await acquire('a');
      const waiting = [1, 2, 3].map(async () => acquire('a', { deadline: new Deadline(60_000) }));
      await jest.advanceTimersByTimeAsync(50);
      expect(on.pool.stats()).toMatchObject({ inUse: 3, starting: 0, waiting: 1, created: 3 });
      await jest.advanceTimersByTimeAsync(10_000);
      expect(on.pool.stats()).toMatchObject({ inUse: 3, starting: 0, waiting: 1, created: 3 });
      on.pool.release(await (waiting[0] as Promise<VmLease>));
      await expect(waiting[2]).resolves.toMatchObject({ tenantId: 'a' });
    });

    it('keep an additional VM while others wait for it', async () => {
      await open(1, { maxVms: 2, overflowAfterMs: 50 });
      await acquire('a');
      const waiting = ['b', 'b'].map(async (tenantId) => acquire(tenantId));
      await jest.advanceTimersByTimeAsync(50);
      on.pool.release(await (waiting[0] as Promise<VmLease>));
      await expect(waiting[1]).resolves.toMatchObject({ vm: { id: 'vm-2' } });
      expect(on.pool.stats().destroyed).toBe(0);
    });

    it('get none when it is their own tenant that they wait for', async () => {
      await open(1, { maxVms: 4, overflowAfterMs: 50, tenantConcurrency: 1 });
      await acquire('a');
      const waiting = endOf(acquire('a'));
      await jest.advanceTimersByTimeAsync(1000);
      await expect(waiting).resolves.toEqual(busy);
      expect(on.factory.startsAsked).toBe(1);
    });
  });

  it('are counted by how long they waited', async () => {
    await open(1);
    const first = await acquire('a');
    const waiting = acquire('a');
    jest.advanceTimersByTime(7);
    on.pool.release(first);
    await waiting;
    const { requested, released, waits } = on.pool.stats();
    expect({ requested, released, count: waits.count, sumMs: waits.sumMs }).toEqual({
      requested: 2,
      released: 1,
      count: 2,
      sumMs: 7,
    });
    expect(waits.counts[0]).toBe(1);
    expect(waits.counts[waits.boundsMs.indexOf(10)]).toBe(1);
  });
});

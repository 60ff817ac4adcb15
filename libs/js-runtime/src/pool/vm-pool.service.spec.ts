import { Logger } from '@nestjs/common';
import { FakeVmFactory, type FakeVm } from '../../test-support/fake-vm-factory.ts';
import { Deadline } from '../admission/deadline.ts';
import { compileOptions } from '../config/compile-options.ts';
import type { AcquireOptions } from './vm-pool.service.ts';
import { VmPoolService } from './vm-pool.service.ts';
import type { VmLease } from './vm-lease.ts';

const { jest } = import.meta;
const shuttingDown: Error = expect.objectContaining({ code: 'SHUTTING_DOWN' });
const cancelled: Error = expect.objectContaining({ code: 'CANCELLED' });
const exhausted: Error = expect.objectContaining({ code: 'POOL_EXHAUSTED' });

describe('VmPoolService', () => {
  let factory: FakeVmFactory;
  let pool: VmPoolService;

  beforeEach(() => {
    jest.useFakeTimers();
    Logger.overrideLogger(false);
    factory = new FakeVmFactory();
  });

  afterEach(async () => {
    factory.holdsStarts = factory.holdsResets = false;
    for (const held of [...factory.heldStarts, ...factory.heldResets]) held.succeed();
    for (const vm of factory.vms) vm.exit();
    await pool.close();
    jest.useRealTimers();
  });

  /** Lets everything that is settled be heard of. */
  const settle = async (): Promise<void> => {
    await jest.advanceTimersByTimeAsync(0);
  };
  const open = async (poolSize: number): Promise<void> => {
    pool = new VmPoolService(compileOptions({ poolSize }), factory);
    await pool.onModuleInit();
    await settle();
  };
  const acquire = async (tenantId: string, options: Partial<AcquireOptions> = {}): Promise<VmLease> =>
    pool.acquire({ tenantId, deadline: new Deadline(1000), ...options });
  /** Leases a VM and gives it back, as one execution does. */
  const visit = async (tenantId: string): Promise<FakeVm> => {
    const lease = await acquire(tenantId);
    jest.advanceTimersByTime(1);
    pool.release(lease);
    return lease.vm as FakeVm;
  };
  /** What a promise rejects with. */
  const endOf = async (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => 'it did not reject',
      (error: unknown) => error,
    );
  const fakeOf = ({ vm }: VmLease): FakeVm => vm as FakeVm;

  describe('start', () => {
    it('starts as many VMs as configured', async () => {
      await open(3);
      expect(factory.startsAsked).toBe(3);
      expect(pool.stats()).toEqual({
        available: 3,
        inUse: 0,
        starting: 0,
        waiting: 0,
        created: 3,
        destroyed: 0,
        errors: 0,
      });
    });

    it('waits for the first VM only', async () => {
      factory.holdsStarts = true;
      pool = new VmPoolService(compileOptions({ poolSize: 3 }), factory);
      const started = pool.onModuleInit();
      await settle();
      factory.heldStarts[1]?.succeed();
      await started;
      await settle();
      expect(pool.stats()).toMatchObject({ available: 1, starting: 2 });
    });

    it('fails when no VM starts, and tries no more', async () => {
      factory.failingStarts = 3;
      pool = new VmPoolService(compileOptions({ poolSize: 3 }), factory);
      await expect(pool.onModuleInit()).rejects.toThrow('No VM process could be started');
      await jest.advanceTimersByTimeAsync(60_000);
      expect(factory.startsAsked).toBe(3);
      expect(jest.getTimerCount()).toBe(0);
    });

    it('is content with one VM of several, and tries the others again a second later, until they start', async () => {
      factory.failingStarts = 2;
      await open(3);
      expect(pool.stats()).toMatchObject({ available: 1, starting: 0, errors: 2 });
      factory.failingStarts = 1;
      await jest.advanceTimersByTimeAsync(999);
      expect(factory.startsAsked).toBe(3);
      await jest.advanceTimersByTimeAsync(1);
      expect(pool.stats()).toMatchObject({ available: 2, starting: 0, errors: 3 });
      await jest.advanceTimersByTimeAsync(1000);
      expect(pool.stats()).toMatchObject({ available: 3, starting: 0, created: 3, errors: 3 });
    });
  });

  describe('which VM is leased', () => {
    it('is the own one that is recycled, before one that has served nobody', async () => {
      await open(2);
      const own = await visit('acme');
      expect(fakeOf(await acquire('acme'))).toBe(own);
      expect(own.resets).toBe(0);
    });

    it('is one that has served nobody, before the own one that is not recycled', async () => {
      await open(2);
      const own = await visit('acme');
      own.recycled = false;
      const { vm } = await acquire('acme');
      expect(vm).not.toBe(own);
      expect(pool.vms().map(({ useCount }) => useCount)).toEqual([1, 1]);
    });

    it('is the own one that is not recycled, before one of another tenant', async () => {
      await open(2);
      const held = await acquire('globex');
      const own = await visit('acme');
      pool.release(held);
      own.recycled = false;
      expect(fakeOf(await acquire('acme'))).toBe(own);
      expect(own.resets).toBe(0);
    });

    it('is one of another tenant when there is none else, with its isolate replaced', async () => {
      await open(1);
      const vm = await visit('globex');
      const lease = await acquire('acme');
      expect(lease).toMatchObject({ vm, tenantId: 'acme' });
      expect(vm.resets).toBe(1);
      expect(pool.vms()).toMatchObject([{ id: vm.id, tenantId: 'acme', state: 'leased', useCount: 2 }]);
    });

    it('is the least recently used one of several of the same kind', async () => {
      await open(3);
      const leases = [await acquire('a'), await acquire('b'), await acquire('c')];
      for (const index of [1, 2, 0]) {
        jest.advanceTimersByTime(1);
        pool.release(leases[index] as VmLease);
      }
      expect((await acquire('x')).vm).toBe(leases[1]?.vm);
      expect((await acquire('y')).vm).toBe(leases[2]?.vm);
      expect((await acquire('z')).vm).toBe(leases[0]?.vm);
    });

    it('is never one that was told to end', async () => {
      await open(2);
      const own = await visit('acme');
      own.lingers = true;
      own.kill('wall');
      expect(fakeOf(await acquire('acme'))).not.toBe(own);
    });
  });

  describe('waiting', () => {
    it('serves those who wait in the order in which they came', async () => {
      await open(1);
      let lease = await acquire('a');
      const order: string[] = [];
      const waiting = ['b', 'c', 'a', 'b'].map(async (tenantId, index) => {
        const got = await acquire(tenantId);
        order.push(`${index}: ${tenantId}`);
        return got;
      });
      expect(pool.stats()).toMatchObject({ available: 0, inUse: 1, waiting: 4 });
      for (const next of waiting) {
        pool.release(lease);
        lease = await next;
      }
      expect(order).toEqual(['0: b', '1: c', '2: a', '3: b']);
    });

    it('gives a VM that comes free to who waits, not to who comes just then', async () => {
      await open(1);
      const first = await acquire('a');
      const waiting = acquire('b');
      pool.release(first);
      const late = acquire('c');
      await expect(waiting).resolves.toMatchObject({ tenantId: 'b' });
      expect(pool.stats()).toMatchObject({ inUse: 1, waiting: 1 });
      pool.release(await waiting);
      await expect(late).resolves.toMatchObject({ tenantId: 'c' });
    });

    it('ends with POOL_EXHAUSTED at the deadline', async () => {
      await open(1);
      await acquire('a');
      const waiting = endOf(acquire('b'));
      await jest.advanceTimersByTimeAsync(1000);
      await expect(waiting).resolves.toEqual(exhausted);
      expect(pool.stats()).toMatchObject({ inUse: 1, waiting: 0 });
    });

    it('ends with CANCELLED when the signal fires, and the VM goes to the next', async () => {
      await open(1);
      const lease = await acquire('a');
      const controller = new AbortController();
      const impatient = endOf(acquire('b', { signal: controller.signal }));
      const patient = acquire('c');
      controller.abort();
      await expect(impatient).resolves.toEqual(cancelled);
      pool.release(lease);
      await expect(patient).resolves.toMatchObject({ tenantId: 'c' });
    });

    it('does not begin when the signal had fired before', async () => {
      await open(1);
      await expect(acquire('a', { signal: AbortSignal.abort() })).rejects.toEqual(cancelled);
      expect(pool.stats()).toMatchObject({ available: 1, inUse: 0, waiting: 0 });
    });

    it('is over when a VM has started', async () => {
      factory.failingStarts = 1;
      await open(2);
      await acquire('a');
      const waiting = acquire('b', { deadline: new Deadline(5000) });
      await jest.advanceTimersByTimeAsync(1000);
      await expect(waiting).resolves.toMatchObject({ tenantId: 'b', vm: { id: 'vm-2' } });
      expect(pool.stats()).toMatchObject({ inUse: 2, waiting: 0, created: 2, errors: 1 });
    });
  });

  describe('release', () => {
    it('fails loudly the second time', async () => {
      await open(1);
      const lease = await acquire('a');
      pool.release(lease);
      expect(() => {
        pool.release(lease);
      }).toThrow(/released already/);
    });

    it('fails loudly when the VM is leased to somebody else by now, and takes nothing from them', async () => {
      await open(1);
      const first = await acquire('a');
      pool.release(first);
      const second = await acquire('a');
      expect(second.vm).toBe(first.vm);
      expect(() => {
        pool.release(first);
      }).toThrow(/released already/);
      expect(pool.stats()).toMatchObject({ available: 0, inUse: 1 });
      pool.release(second);
    });

    it('fails loudly for a lease that the pool did not make', async () => {
      await open(1);
      const lease = await acquire('a');
      expect(() => {
        pool.release({ ...lease });
      }).toThrow(/released already/);
      const foreign = { vm: await new FakeVmFactory().create(), tenantId: 'a' };
      expect(() => {
        pool.release(foreign);
      }).toThrow(/not of this pool/);
      expect(pool.stats()).toMatchObject({ inUse: 1 });
    });

    it('is done by withVm, whether the use succeeds or throws', async () => {
      await open(1);
      const options = { tenantId: 'a', deadline: new Deadline(1000) };
      await expect(pool.withVm(async ({ vm }) => Promise.resolve(vm.id), options)).resolves.toBe('vm-1');
      await expect(pool.withVm(async () => Promise.reject(new RangeError('of the use')), options)).rejects.toThrow(
        RangeError,
      );
      expect(pool.stats()).toMatchObject({ available: 1, inUse: 0 });
    });
  });

  describe('a VM that dies', () => {
    it('is replaced when it was idle', async () => {
      await open(2);
      factory.vms[0]?.exit();
      await settle();
      expect(pool.stats()).toEqual({
        available: 2,
        inUse: 0,
        starting: 0,
        waiting: 0,
        created: 3,
        destroyed: 1,
        errors: 0,
      });
      expect(pool.vms().map(({ id }) => id)).toEqual(['vm-2', 'vm-3']);
    });

    it('is replaced when it was leased; its release is then nothing special', async () => {
      await open(1);
      const lease = await acquire('a');
      fakeOf(lease).exit();
      await settle();
      expect(pool.stats()).toMatchObject({ available: 1, inUse: 0, created: 2, destroyed: 1 });
      pool.release(lease);
      expect(pool.stats()).toMatchObject({ available: 1, inUse: 0 });
    });

    it('is not offered again when it is released before its process is gone', async () => {
      await open(1);
      const lease = await acquire('a');
      const dying = fakeOf(lease);
      dying.lingers = true;
      dying.kill('wall');
      const waiting = acquire('a');
      pool.release(lease);
      await settle();
      expect(pool.stats()).toMatchObject({ waiting: 1, created: 1 });
      expect(pool.vms()).toMatchObject([{ id: dying.id, healthy: false }]);
      dying.exit();
      await expect(waiting).resolves.toMatchObject({ vm: { id: 'vm-2', alive: true } });
    });

    it('is replaced when it dies while its isolate is replaced, and the caller gets another', async () => {
      await open(1);
      await visit('a');
      factory.holdsResets = true;
      const waiting = acquire('b');
      await settle();
      expect(factory.heldResets).toMatchObject([{ vm: { id: 'vm-1' }, tenantId: 'b' }]);
      factory.vms[0]?.exit();
      await expect(waiting).resolves.toMatchObject({ vm: { id: 'vm-2' }, tenantId: 'b' });
      expect(pool.stats()).toMatchObject({ inUse: 1, created: 2, destroyed: 1 });
    });

    it('is killed, replaced and never used when its reset fails for another reason', async () => {
      await open(1);
      const vm = await visit('a');
      factory.holdsResets = true;
      const failed = endOf(acquire('b'));
      await settle();
      factory.heldResets[0]?.fail(new Error('of the reset'));
      await expect(failed).resolves.toEqual(new Error('of the reset'));
      await settle();
      expect(vm.alive).toBe(false);
      expect(pool.vms()).toMatchObject([{ id: 'vm-2', tenantId: undefined, state: 'idle' }]);
    });

    it('is replaced by one whose start may fail: then a second later', async () => {
      await open(1);
      factory.failingStarts = 1;
      factory.vms[0]?.exit();
      await settle();
      expect(pool.stats()).toMatchObject({ available: 0, starting: 0, destroyed: 1, errors: 1 });
      await jest.advanceTimersByTimeAsync(1000);
      expect(pool.stats()).toMatchObject({ available: 1, created: 2 });
    });
  });

  describe('healthCheck', () => {
    it('tells that a VM answers', async () => {
      await open(1);
      await expect(pool.healthCheck(factory.vms[0] as FakeVm)).resolves.toBe(true);
    });

    it('tells that a VM does not, which is then replaced', async () => {
      await open(1);
      const vm = factory.vms[0] as FakeVm;
      vm.healthy = false;
      await expect(pool.healthCheck(vm)).resolves.toBe(false);
      await settle();
      expect(pool.vms()).toMatchObject([{ id: 'vm-2', healthy: true }]);
    });
  });

  describe('close', () => {
    it('rejects whoever waits and whoever comes later', async () => {
      await open(1);
      await acquire('a');
      const waiting = endOf(acquire('b'));
      const closed = pool.close();
      await expect(waiting).resolves.toEqual(shuttingDown);
      await expect(acquire('c')).rejects.toEqual(shuttingDown);
      await closed;
    });

    it('ends every VM, idle or leased, as a shutdown, and replaces none', async () => {
      await open(3);
      await acquire('a');
      await pool.close();
      await jest.advanceTimersByTimeAsync(60_000);
      expect(factory.destroyed.map(({ vm, reason }) => `${vm.id} ${reason}`)).toEqual([
        'vm-1 shutdown',
        'vm-2 shutdown',
        'vm-3 shutdown',
      ]);
      expect(pool.stats()).toMatchObject({ available: 0, inUse: 0, starting: 0, created: 3, destroyed: 3 });
      expect(factory.startsAsked).toBe(3);
    });

    it('waits until every process is gone', async () => {
      await open(1);
      const vm = factory.vms[0] as FakeVm;
      vm.lingers = true;
      let isClosed = false;
      const closed = pool.close().then(() => {
        isClosed = true;
      });
      await settle();
      expect(isClosed).toBe(false);
      vm.exit();
      await closed;
      expect(isClosed).toBe(true);
    });

    it('waits for a start that is under way, and ends what comes of it', async () => {
      await open(1);
      factory.holdsStarts = true;
      factory.vms[0]?.exit();
      await settle();
      const closed = pool.close();
      await settle();
      factory.heldStarts[0]?.succeed();
      await closed;
      expect(factory.destroyed).toMatchObject([{ vm: { id: 'vm-2' }, reason: 'shutdown' }]);
      expect(factory.living).toEqual([]);
    });

    it('gives up on a start that fails meanwhile', async () => {
      await open(1);
      factory.holdsStarts = true;
      factory.vms[0]?.exit();
      await settle();
      const closed = pool.close();
      factory.heldStarts[0]?.fail();
      await closed;
      await jest.advanceTimersByTimeAsync(60_000);
      expect(factory.startsAsked).toBe(2);
    });

    it('gives up on starts that were to be tried again', async () => {
      factory.failingStarts = 1;
      await open(2);
      await pool.close();
      await jest.advanceTimersByTimeAsync(60_000);
      expect(factory.startsAsked).toBe(2);
    });

    it('reaches a caller whose VM is just being reset', async () => {
      await open(1);
      await visit('a');
      factory.holdsResets = true;
      const waiting = endOf(acquire('b'));
      await settle();
      await pool.close();
      await expect(waiting).resolves.toEqual(shuttingDown);
    });

    it('may be asked for twice', async () => {
      await open(1);
      await Promise.all([pool.close(), pool.beforeApplicationShutdown()]);
      await pool.close();
      expect(factory.living).toEqual([]);
    });
  });
});

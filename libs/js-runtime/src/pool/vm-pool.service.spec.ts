import { FakeVmFactory } from '../../test-support/fake-vm-factory.ts';
import { endOf, usePool } from '../../test-support/use-pool.ts';
import { Deadline } from '../admission/deadline.ts';
import type { VmLease } from './vm-lease.ts';

const { jest } = import.meta;
const cancelled: Error = expect.objectContaining({ code: 'CANCELLED' });
const exhausted: Error = expect.objectContaining({ code: 'POOL_EXHAUSTED' });

describe('VmPoolService', () => {
  const on = usePool();
  const { acquire, fakeOf, open, settle, visit } = on;

  describe('start', () => {
    it('starts as many VMs as configured', async () => {
      await open(3);
      expect(on.factory.startsAsked).toBe(3);
      expect(on.pool.stats()).toEqual({
        available: 3,
        inUse: 0,
        ending: 0,
        starting: 0,
        waiting: 0,
        created: 3,
        destroyed: 0,
        errors: 0,
      });
    });

    it('waits for the first VM only', async () => {
      on.factory.holdsStarts = true;
      on.make(3);
      const started = on.pool.onModuleInit();
      await settle();
      on.factory.heldStarts[1]?.succeed();
      await started;
      await settle();
      expect(on.pool.stats()).toMatchObject({ available: 1, starting: 2 });
    });

    it('fails when no VM starts, and tries no more', async () => {
      on.factory.failingStarts = 3;
      on.make(3);
      await expect(on.pool.onModuleInit()).rejects.toThrow('No VM process could be started');
      await jest.advanceTimersByTimeAsync(60_000);
      expect(on.factory.startsAsked).toBe(3);
      expect(jest.getTimerCount()).toBe(0);
    });

    it('is content with one VM of several, and tries the others again a second later, until they start', async () => {
      on.factory.failingStarts = 2;
      await open(3);
      expect(on.pool.stats()).toMatchObject({ available: 1, starting: 0, errors: 2 });
      on.factory.failingStarts = 1;
      await jest.advanceTimersByTimeAsync(999);
      expect(on.factory.startsAsked).toBe(3);
      await jest.advanceTimersByTimeAsync(1);
      expect(on.pool.stats()).toMatchObject({ available: 2, starting: 0, errors: 3 });
      await jest.advanceTimersByTimeAsync(1000);
      expect(on.pool.stats()).toMatchObject({ available: 3, starting: 0, created: 3, errors: 3 });
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
      expect(on.pool.vms().map(({ useCount }) => useCount)).toEqual([1, 1]);
    });

    it('is the own one that is not recycled, before one of another tenant', async () => {
      await open(2);
      const held = await acquire('globex');
      const own = await visit('acme');
      on.pool.release(held);
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
      expect(on.pool.vms()).toMatchObject([{ id: vm.id, tenantId: 'acme', state: 'leased', useCount: 2 }]);
    });

    it('is the most recently used one of several own ones that are recycled', async () => {
      await open(3);
      const leases = [await acquire('a'), await acquire('a'), await acquire('a')];
      for (const index of [1, 2, 0]) {
        jest.advanceTimersByTime(1);
        on.pool.release(leases[index] as VmLease);
      }
      expect((await acquire('a')).vm).toBe(leases[0]?.vm);
      expect((await acquire('a')).vm).toBe(leases[2]?.vm);
      expect((await acquire('a')).vm).toBe(leases[1]?.vm);
    });

    it('is the same one again and again, for a tenant that runs one script after the other', async () => {
      await open(3);
      const leases = await Promise.all([acquire('a'), acquire('a'), acquire('a')]);
      for (const lease of leases) {
        jest.advanceTimersByTime(1);
        on.pool.release(lease);
      }
      const ids = new Set<string>();
      for (let turn = 0; turn < 5; turn++) ids.add((await visit('a')).id);
      expect([...ids]).toEqual([leases[2].vm.id]);
    });

    it('is the least recently used one of several of other tenants', async () => {
      await open(3);
      const leases = [await acquire('a'), await acquire('b'), await acquire('c')];
      for (const index of [1, 2, 0]) {
        jest.advanceTimersByTime(1);
        on.pool.release(leases[index] as VmLease);
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
      expect(on.pool.stats()).toMatchObject({ available: 0, inUse: 1, waiting: 4 });
      for (const next of waiting) {
        on.pool.release(lease);
        lease = await next;
      }
      expect(order).toEqual(['0: b', '1: c', '2: a', '3: b']);
    });

    it('gives a VM that comes free to who waits, not to who comes just then', async () => {
      await open(1);
      const first = await acquire('a');
      const waiting = acquire('b');
      on.pool.release(first);
      const late = acquire('c');
      await expect(waiting).resolves.toMatchObject({ tenantId: 'b' });
      expect(on.pool.stats()).toMatchObject({ inUse: 1, waiting: 1 });
      on.pool.release(await waiting);
      await expect(late).resolves.toMatchObject({ tenantId: 'c' });
    });

    it('ends with POOL_EXHAUSTED at the deadline', async () => {
      await open(1);
      await acquire('a');
      const waiting = endOf(acquire('b'));
      await jest.advanceTimersByTimeAsync(1000);
      await expect(waiting).resolves.toEqual(exhausted);
      expect(on.pool.stats()).toMatchObject({ inUse: 1, waiting: 0 });
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
      expect(on.pool.stats()).toMatchObject({ available: 1, inUse: 0, waiting: 0 });
    });

    it('is over when a VM has started', async () => {
      on.factory.failingStarts = 1;
      await open(2);
      await acquire('a');
      const waiting = acquire('b', { deadline: new Deadline(5000) });
      await jest.advanceTimersByTimeAsync(1000);
      await expect(waiting).resolves.toMatchObject({ tenantId: 'b', vm: { id: 'vm-2' } });
      expect(on.pool.stats()).toMatchObject({ inUse: 2, waiting: 0, created: 2, errors: 1 });
    });
  });

  describe('release', () => {
    it('fails loudly the second time', async () => {
      await open(1);
      const lease = await acquire('a');
      on.pool.release(lease);
      expect(() => {
        on.pool.release(lease);
      }).toThrow(/released already/);
    });

    it('fails loudly when the VM is leased to somebody else by now, and takes nothing from them', async () => {
      await open(1);
      const first = await acquire('a');
      on.pool.release(first);
      const second = await acquire('a');
      expect(second.vm).toBe(first.vm);
      expect(() => {
        on.pool.release(first);
      }).toThrow(/released already/);
      expect(on.pool.stats()).toMatchObject({ available: 0, inUse: 1 });
      on.pool.release(second);
    });

    it('fails loudly for a lease that the pool did not make', async () => {
      await open(1);
      const lease = await acquire('a');
      expect(() => {
        on.pool.release({ ...lease });
      }).toThrow(/released already/);
      const foreign = { vm: await new FakeVmFactory().create(), tenantId: 'a' };
      expect(() => {
        on.pool.release(foreign);
      }).toThrow(/not of this pool/);
      expect(on.pool.stats()).toMatchObject({ inUse: 1 });
    });

    it('is done by withVm, whether the use succeeds or throws', async () => {
      await open(1);
      const options = { tenantId: 'a', deadline: new Deadline(1000) };
      await expect(on.pool.withVm(async ({ vm }) => Promise.resolve(vm.id), options)).resolves.toBe('vm-1');
      await expect(on.pool.withVm(async () => Promise.reject(new RangeError('of the use')), options)).rejects.toThrow(
        RangeError,
      );
      expect(on.pool.stats()).toMatchObject({ available: 1, inUse: 0 });
    });
  });
});

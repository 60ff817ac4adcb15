import { availableParallelism } from 'node:os';
import { FakeVmFactory, type FakeVm } from '../../test-support/fake-vm-factory.ts';
import { endOf, usePool } from '../../test-support/use-pool.ts';
import { Deadline } from '../admission/deadline.ts';
import { VmLease } from './vm-lease.ts';

const { jest } = import.meta;

describe('VmPoolService', () => {
  const on = usePool();
  const { acquire, fakeOf, open, settle, visit } = on;

  /** Leases a VM and gives it back; it then makes its next realm for a while. */
  async function visitAndRecycle(tenantId: string): Promise<FakeVm> {
    const lease = await acquire(tenantId);
    const vm = fakeOf(lease);
    vm.recycled = false;
    on.pool.release(lease);
    return vm;
  }

  async function acquireAndRelease(tenantId: string): Promise<VmLease> {
    const lease = await acquire(tenantId);
    on.pool.release(lease);
    return lease;
  }

  describe('start', () => {
    it('starts as many VMs as configured', async () => {
      await open(3);
      expect(on.factory.startsAsked).toBe(3);
      expect(on.pool.stats()).toMatchObject({ available: 3, starting: 0, created: 3, destroyed: 0, errors: 0 });
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

    describe('of as many VMs at a time as there are CPUs, or two', () => {
      const cpus = availableParallelism();

      /** How many were starting when so many had started. */
      const startAll = async (): Promise<readonly number[]> => {
        const seen: number[] = [];
        for (let ready = 0; ready < 4 * cpus; ready++) {
          await settle();
          seen.push(on.pool.stats().starting);
          on.factory.heldStarts[0]?.succeed();
        }
        return seen;
      };

      beforeEach(() => {
        on.factory.holdsStarts = true;
        on.make(4 * cpus);
        void on.pool.onModuleInit();
      });

      it('goes on so to the last while nobody is at work', async () => {
        const seen = await startAll();
        expect(Math.max(...seen)).toBe(Math.max(2, cpus));
        expect(seen[3 * cpus]).toBe(Math.max(2, cpus));
      });

      it('leaves one CPU to who is at work, once half are free', async () => {
        const lease = acquire('a');
        const seen = await startAll();
        expect(Math.max(...seen)).toBe(Math.max(2, cpus));
        expect(seen[3 * cpus]).toBe(Math.max(1, cpus - 1));
        on.pool.release(await lease);
      });
    });

    it('fails when five starts in a row fail, and tries no more', async () => {
      on.factory.failingStarts = 5;
      on.make(3);
      const started = endOf(on.pool.onModuleInit());
      await jest.advanceTimersByTimeAsync(60_000);
      await expect(started).resolves.toEqual(new Error('No VM process could be started: the fake start failed'));
      expect(on.factory.startsAsked).toBe(5);
      expect(jest.getTimerCount()).toBe(0);
    });

    it('bears starts that fail: tries again, later and later, one at a time, until one succeeds', async () => {
      on.factory.failingStarts = 3;
      on.make(3);
      const started = on.pool.onModuleInit();
      await settle();
      expect(on.pool.stats()).toMatchObject({ available: 0, starting: 0, errors: 2 });
      await jest.advanceTimersByTimeAsync(99);
      expect(on.factory.startsAsked).toBe(2);
      await jest.advanceTimersByTimeAsync(101);
      expect(on.pool.stats()).toMatchObject({ available: 0, starting: 0, errors: 3 });
      await jest.advanceTimersByTimeAsync(400);
      await started;
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
      const own = await visitAndRecycle('acme');
      expect(fakeOf(await acquire('acme'))).not.toBe(own);
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
      expect(lease.tenantId).toBe('acme');
      expect(fakeOf(lease)).toBe(vm);
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
      expect((await acquire('a')).vm.id).toBe(leases[0]?.vm.id);
      expect((await acquire('a')).vm.id).toBe(leases[2]?.vm.id);
      expect((await acquire('a')).vm.id).toBe(leases[1]?.vm.id);
    });

    it('is the own one that holds the script, if several are recycled, or none is', async () => {
      await open(3);
      const leases = [await acquire('a'), await acquire('a'), await acquire('a')];
      const script = { key: 'rule', maxMemoryMb: 64 };
      const [holder, ...others] = leases.map(fakeOf);
      holder?.heldKeys.add('rule');
      for (const lease of leases) {
        jest.advanceTimersByTime(1);
        on.pool.release(lease);
      }
      const again = await acquire('a', { script });
      expect(fakeOf(again)).toBe(holder);
      on.pool.release(again);
      for (const vm of [holder, ...others]) if (vm) vm.recycled = false;
      expect(fakeOf(await acquire('a', { script }))).toBe(holder);
    });

    it('is another own one when the one that holds the script is not recycled', async () => {
      await open(2);
      const leases = [await acquire('a'), await acquire('a')];
      const [holder, other] = leases.map(fakeOf);
      holder?.heldKeys.add('rule');
      if (holder) holder.recycled = false;
      for (const lease of leases) on.pool.release(lease);
      expect(fakeOf(await acquire('a', { script: { key: 'rule', maxMemoryMb: 64 } }))).toBe(other);
    });

    it('is the one that holds the script also for who waits for the tenant', async () => {
      await open(2, { tenantConcurrency: 1 });
      const holder = await visit('a');
      const lease = await acquire('b');
      const other = fakeOf(lease);
      on.pool.release(lease);
      expect(other).not.toBe(holder);
      const first = await acquire('a');
      holder.heldKeys.add('rule');
      const waiting = acquire('a', { script: { key: 'rule', maxMemoryMb: 64 } });
      on.pool.release(first);
      expect(fakeOf(await waiting)).toBe(holder);
    });

    it("is the own one that keeps the realm, also when it is not recycled, before one that is nobody's or holds the script", async () => {
      await open(3);
      const leases = [await acquire('a'), await acquire('a')];
      const [keeper, holder] = leases.map(fakeOf);
      if (keeper) keeper.recycled = false;
      keeper?.realmKeys.add('rule 64');
      holder?.heldKeys.add('rule');
      for (const lease of leases) on.pool.release(lease);
      const script = { key: 'rule', maxMemoryMb: 64 };
      expect(fakeOf(await acquire('a', { script }))).toBe(holder);
      expect(fakeOf(await acquire('a', { script: { ...script, realmKey: 'rule 64' } }))).toBe(keeper);
    });

    it('is not one whose tenant asks often, when there is another to make ready', async () => {
      await open(3);
      const often = await visit('often');
      for (let n = 0; n < 10; n++) await visit('often');
      const last = await acquire('once');
      const beside = await acquire('twice');
      on.pool.release(beside);
      on.pool.release(last);
      // What was used longest ago is the first one.
      for (const tenant of ['b', 'c', 'd', 'e']) await visit(tenant);
      expect(often.resets).toBe(0);
      expect(fakeOf(await acquire('often'))).toBe(often);
    });

    it('has its tenant remembered, but not for one more beside others of it', async () => {
      await open(3);
      for (let n = 0; n < 10; n++) await visit('often');
      // It loses all.
      const leases = [await acquire('b'), await acquire('c'), await acquire('d')];
      for (const lease of leases) on.pool.release(lease);
      const [first, second] = [await acquire('often'), await acquire('often')];
      const [kept, extra] = [fakeOf(first), fakeOf(second)];
      on.pool.release(second);
      on.pool.release(first);
      jest.advanceTimersByTime(1);
      const resets = kept.resets;
      for (const tenant of ['e', 'f', 'g', 'h']) await visit(tenant);
      expect(kept.resets).toBe(resets);
      expect(extra.tenantsOfIsolate).not.toContain('often');
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
      expect((await acquire('x')).vm.id).toBe(leases[1]?.vm.id);
      expect((await acquire('y')).vm.id).toBe(leases[2]?.vm.id);
      expect((await acquire('z')).vm.id).toBe(leases[0]?.vm.id);
    });

    it('is never one that was told to end', async () => {
      await open(2);
      const own = await visit('acme');
      own.lingers = true;
      own.kill('wall');
      expect(fakeOf(await acquire('acme'))).not.toBe(own);
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
      expect(fakeOf(second)).toBe(fakeOf(first));
      expect(() => {
        on.pool.release(first);
      }).toThrow(/released already/);
      expect(on.pool.stats()).toMatchObject({ available: 0, inUse: 1 });
      on.pool.release(second);
    });

    it('fails loudly for a lease that the pool did not make', async () => {
      await open(1);
      await acquire('a');
      const foreign = new VmLease(await new FakeVmFactory().create(), 'a');
      expect(() => {
        on.pool.release(foreign);
      }).toThrow(/not of this pool/);
      expect(on.pool.stats()).toMatchObject({ inUse: 1 });
    });

    it('fails loudly when the VM has ended, but the lease is over', async () => {
      await open(1, { tenantConcurrency: 1 });
      const lease = await acquire('a');
      fakeOf(lease).exit();
      expect(() => {
        on.pool.release(lease);
      }).toThrow(/VM vm-1 had ended/);
      expect(() => {
        on.pool.release(lease);
      }).toThrow(/released already/);
      await expect(acquire('a')).resolves.toMatchObject({ vm: { id: 'vm-2' } });
    });

    it("fails loudly when the VM is still at work, which then is nobody else's", async () => {
      await open(1);
      const lease = await acquire('a');
      const vm = fakeOf(lease);
      vm.busy = true;
      expect(() => {
        on.pool.release(lease);
      }).toThrow(/VM vm-1 was still at work/);
      expect(vm.alive).toBe(false);
      await expect(acquire('a')).resolves.toMatchObject({ vm: { id: 'vm-2' } });
    });

    it('leaves nothing to use the VM with', async () => {
      await open(1);
      const { vm, ...lease } = await acquireAndRelease('a');
      await acquire('b');
      expect(() => {
        vm.kill('cancelled');
      }).toThrow(/vm-1 was released; by now it may be another tenant's/);
      await expect(vm.run({} as never)).rejects.toThrow(/was released/);
      await expect(vm.compile({} as never)).rejects.toThrow(/was released/);
      expect(lease.tenantId).toBe('a');
      expect(on.factory.living).toHaveLength(1);
    });

    it('by withVm is no fault when the VM has ended: whoever used it knows', async () => {
      await open(1);
      const options = { tenantId: 'a', deadline: new Deadline(1000) };
      const used = on.pool.withVm(async ({ vm }) => {
        vm.kill('wall');
        return Promise.resolve('of the use');
      }, options);
      await expect(used).resolves.toBe('of the use');
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

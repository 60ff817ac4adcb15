import type { FakeVm } from '../../test-support/fake-vm-factory.ts';
import { endOf, usePool } from '../../test-support/use-pool.ts';

const { jest } = import.meta;

describe('VmPoolService and the health of its VMs', () => {
  const on = usePool();
  const { acquire, fakeOf, open, settle, visit } = on;

  /** Old enough that its end is no sign that VMs cannot be started. */
  const grow = async (): Promise<void> => {
    await jest.advanceTimersByTimeAsync(1000);
  };

  describe('healthCheck', () => {
    it('tells that a VM answers', async () => {
      await open(1);
      await expect(on.pool.healthCheck(on.factory.vms[0] as FakeVm)).resolves.toBe(true);
    });

    it('tells that a VM does not, which is then replaced', async () => {
      await open(1);
      await grow();
      const vm = on.factory.vms[0] as FakeVm;
      vm.healthy = false;
      await expect(on.pool.healthCheck(vm)).resolves.toBe(false);
      await settle();
      expect(on.pool.vms()).toMatchObject([{ id: 'vm-2', healthy: true }]);
    });

    it('has an idle VM for itself, and gives it back as whoever it was ready for left it', async () => {
      await open(1);
      const vm = await visit('a');
      const checked = on.pool.healthCheck(vm);
      expect(on.pool.stats()).toMatchObject({ available: 0, recycling: 1, inUse: 0 });
      const waiting = acquire('a');
      expect(on.pool.stats()).toMatchObject({ waiting: 1 });
      await expect(checked).resolves.toBe(true);
      expect(fakeOf(await waiting)).toBe(vm);
      expect(vm.resets).toBe(0);
      expect(on.pool.vms()).toMatchObject([{ tenantId: 'a', useCount: 2 }]);
    });

    it('does not make a fresh VM one of a tenant', async () => {
      await open(1);
      const vm = on.factory.vms[0] as FakeVm;
      await on.pool.healthCheck(vm);
      expect(on.pool.vms()).toMatchObject([{ tenantId: undefined, state: 'idle', useCount: 0 }]);
      await acquire('a');
      expect(vm.resets).toBe(0);
    });

    it('leaves a leased VM alone', async () => {
      await open(1);
      const vm = fakeOf(await acquire('a'));
      vm.healthy = false;
      await expect(on.pool.healthCheck(vm)).resolves.toBe(true);
      expect(vm.alive).toBe(true);
      vm.lingers = true;
      vm.kill('wall');
      await expect(on.pool.healthCheck(vm)).resolves.toBe(false);
      expect(vm.checks).toBe(0);
    });

    it('checks a VM once at a time', async () => {
      await open(1);
      const vm = on.factory.vms[0] as FakeVm;
      await expect(Promise.all([on.pool.healthCheck(vm), on.pool.healthCheck(vm)])).resolves.toEqual([true, true]);
      expect(on.pool.stats()).toMatchObject({ available: 1, inUse: 0 });
    });

    it('does not take a VM for fit that dies during the check', async () => {
      await open(1);
      await grow();
      const vm = on.factory.vms[0] as FakeVm;
      const checked = on.pool.healthCheck(vm);
      vm.exit();
      await expect(checked).resolves.toBe(false);
      await settle();
      expect(on.pool.stats()).toMatchObject({ available: 1, inUse: 0, ending: 0, created: 2, destroyed: 1 });
    });

    it('knows no VM that is not in the pool', async () => {
      await open(1);
      await expect(on.pool.healthCheck({ id: 'vm-99' })).resolves.toBe(false);
      const gone = on.factory.vms[0] as FakeVm;
      gone.exit();
      await settle();
      await expect(on.pool.healthCheck(gone)).resolves.toBe(false);
    });
  });

  describe('from time to time', () => {
    it('checks every idle VM, one after the other, so that the rest stays ready', async () => {
      await open(2, { healthIntervalMs: 10_000 });
      const [first, second] = on.factory.vms as [FakeVm, FakeVm];
      first.holdsChecks = second.holdsChecks = true;
      await jest.advanceTimersByTimeAsync(9999);
      expect([first.checks, second.checks]).toEqual([0, 0]);
      await jest.advanceTimersByTimeAsync(1);
      expect([first.checks, second.checks]).toEqual([1, 0]);
      expect(on.pool.stats()).toMatchObject({ available: 1, recycling: 1 });
      first.answerCheck();
      await settle();
      expect([first.checks, second.checks]).toEqual([1, 1]);
      second.answerCheck();
      await settle();
      expect(on.pool.stats()).toMatchObject({ available: 2, recycling: 0 });
      expect(on.pool.vms()).toMatchObject([{ useCount: 0 }, { useCount: 0 }]);
    });

    it('leaves VMs at work alone', async () => {
      await open(1, { healthIntervalMs: 10_000 });
      const vm = fakeOf(await acquire('a'));
      await jest.advanceTimersByTimeAsync(30_000);
      expect(vm.checks).toBe(0);
    });

    it('replaces a VM that does not answer, which nobody gets any more', async () => {
      await open(1, { healthIntervalMs: 10_000 });
      const vm = on.factory.vms[0] as FakeVm;
      vm.healthy = false;
      vm.lingers = true;
      await jest.advanceTimersByTimeAsync(10_000);
      const waiting = acquire('a');
      await settle();
      expect(on.pool.stats()).toMatchObject({ available: 0, ending: 1, waiting: 1 });
      vm.exit();
      await expect(waiting).resolves.toMatchObject({ vm: { id: 'vm-2' } });
      expect(on.pool.stats().destroyedBy).toMatchObject({ unhealthy: 1 });
    });
  });

  describe('after every lease', () => {
    it('waits for the VM to make its next realm, and ends one that does not come back', async () => {
      await open(1);
      const lease = await acquire('a');
      const vm = fakeOf(lease);
      vm.recycled = false;
      vm.isStuck = true;
      on.pool.release(lease);
      expect(on.pool.vms()).toMatchObject([{ state: 'recycling' }]);
      await jest.advanceTimersByTimeAsync(20);
      expect(vm.alive).toBe(false);
      await settle();
      expect(on.pool.stats()).toMatchObject({ available: 1, destroyedBy: { unhealthy: 1 } });
    });

    it('has it idle again when it has', async () => {
      await open(1);
      const lease = await acquire('a');
      const vm = fakeOf(lease);
      vm.recycled = false;
      on.pool.release(lease);
      expect(on.pool.stats()).toMatchObject({ available: 0, recycling: 1 });
      vm.finishRecycling();
      expect(on.pool.stats()).toMatchObject({ available: 1, recycling: 0 });
    });

    it('takes no VM away that is leased again already', async () => {
      await open(1);
      const lease = await acquire('a');
      const vm = fakeOf(lease);
      vm.recycled = false;
      vm.isStuck = true;
      on.pool.release(lease);
      const again = await acquire('a');
      await jest.advanceTimersByTimeAsync(100);
      expect(fakeOf(again)).toBe(vm);
      vm.finishRecycling();
      expect(on.pool.vms()).toMatchObject([{ state: 'leased', healthy: true }]);
    });
  });

  describe('an isolate that is replaced', () => {
    it("is nobody's afterwards, and the VM is not leased meanwhile, not even to its former tenant", async () => {
      await open(1);
      await visit('a');
      on.factory.holdsResets = true;
      const other = acquire('b');
      const former = acquire('a');
      await settle();
      expect(on.pool.stats()).toMatchObject({ available: 0, recycling: 1, waiting: 2 });
      on.factory.heldResets[0]?.succeed();
      await expect(other).resolves.toMatchObject({ tenantId: 'b' });
      expect(on.pool.stats()).toMatchObject({ inUse: 1, waiting: 1 });
      on.factory.holdsResets = false;
      on.pool.release(await other);
      await expect(former).resolves.toMatchObject({ tenantId: 'a' });
    });

    it('is still replaced when whoever wanted it has left, who need not wait for that', async () => {
      await open(1);
      const vm = await visit('a');
      on.factory.holdsResets = true;
      const controller = new AbortController();
      const impatient = endOf(acquire('b', { signal: controller.signal }));
      await settle();
      controller.abort();
      await expect(impatient).resolves.toMatchObject({ code: 'CANCELLED' });
      expect(on.pool.stats()).toMatchObject({ recycling: 1, waiting: 0 });
      on.factory.heldResets[0]?.succeed();
      await settle();
      expect(on.pool.vms()).toMatchObject([{ id: vm.id, state: 'idle', tenantId: undefined }]);
    });

    it('is replaced ahead while tenants come and go, and no longer a second after', async () => {
      await open(2);
      for (const tenantId of ['a', 'b', 'c']) await visit(tenantId);
      await settle();
      // c had to wait for a's isolate to be replaced; the one that was used longest ago is now ready for the next.
      expect(on.pool.vms().map(({ tenantId }) => tenantId)).toEqual(['c', undefined]);
      on.factory.holdsResets = true;
      await visit('d');
      expect(on.factory.heldResets).toHaveLength(1);
      on.factory.heldResets[0]?.succeed();
      await jest.advanceTimersByTimeAsync(1000);
      on.factory.holdsResets = false;
      await visit('e');
      await settle();
      expect(
        on.pool
          .vms()
          .map(({ tenantId }) => tenantId)
          .sort(),
      ).toEqual(['d', 'e']);
    });

    it('is kept when every tenant has a VM of its own', async () => {
      await open(2);
      for (const tenantId of ['a', 'b', 'a', 'b', 'a']) await visit(tenantId);
      await settle();
      expect(on.factory.vms.map(({ resets }) => resets)).toEqual([0, 0]);
    });
  });
});

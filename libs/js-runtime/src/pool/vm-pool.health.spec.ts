import { FakeVmFactory, type FakeVm } from '../../test-support/fake-vm-factory.ts';
import { usePool } from '../../test-support/use-pool.ts';

describe('VmPoolService and the health of its VMs', () => {
  const on = usePool();
  const { acquire, fakeOf, open, settle, visit } = on;

  describe('healthCheck', () => {
    it('tells that a VM answers', async () => {
      await open(1);
      await expect(on.pool.healthCheck(on.factory.vms[0] as FakeVm)).resolves.toBe(true);
    });

    it('tells that a VM does not, which is then replaced', async () => {
      await open(1);
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
      expect(on.pool.stats()).toMatchObject({ available: 0, inUse: 1 });
      const waiting = acquire('a');
      expect(on.pool.stats()).toMatchObject({ waiting: 1 });
      await expect(checked).resolves.toBe(true);
      await expect(waiting).resolves.toMatchObject({ vm, tenantId: 'a' });
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
      const lease = await acquire('a');
      const vm = fakeOf(lease);
      vm.healthy = false;
      await expect(on.pool.healthCheck(vm)).resolves.toBe(true);
      expect(vm.alive).toBe(true);
      vm.lingers = true;
      vm.kill('wall');
      await expect(on.pool.healthCheck(vm)).resolves.toBe(false);
      on.pool.release(lease);
    });

    it('checks a VM once at a time', async () => {
      await open(1);
      const vm = on.factory.vms[0] as FakeVm;
      await expect(Promise.all([on.pool.healthCheck(vm), on.pool.healthCheck(vm)])).resolves.toEqual([true, true]);
      expect(on.pool.stats()).toMatchObject({ available: 1, inUse: 0 });
    });

    it('does not take a VM for fit that dies during the check', async () => {
      await open(1);
      const vm = on.factory.vms[0] as FakeVm;
      const checked = on.pool.healthCheck(vm);
      vm.exit();
      await expect(checked).resolves.toBe(false);
      await settle();
      expect(on.pool.stats()).toMatchObject({ available: 1, inUse: 0, ending: 0, created: 2, destroyed: 1 });
    });

    it('knows no VM that is not in the pool', async () => {
      await open(1);
      await expect(on.pool.healthCheck(await new FakeVmFactory().create())).resolves.toBe(false);
      const gone = on.factory.vms[0] as FakeVm;
      gone.exit();
      await settle();
      await expect(on.pool.healthCheck(gone)).resolves.toBe(false);
    });
  });
});

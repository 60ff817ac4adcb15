import type { FakeVm } from '../../test-support/fake-vm-factory.ts';
import { endOf, usePool } from '../../test-support/use-pool.ts';

const { jest } = import.meta;
const shuttingDown: Error = expect.objectContaining({ code: 'SHUTTING_DOWN' });

describe('VmPoolService and the life of its VMs', () => {
  const on = usePool();
  const { acquire, fakeOf, open, settle, visit } = on;

  describe('a VM that dies', () => {
    it('is replaced when it was idle', async () => {
      await open(2);
      on.factory.vms[0]?.exit();
      await settle();
      expect(on.pool.stats()).toEqual({
        available: 2,
        inUse: 0,
        ending: 0,
        starting: 0,
        waiting: 0,
        created: 3,
        destroyed: 1,
        errors: 0,
      });
      expect(on.pool.vms().map(({ id }) => id)).toEqual(['vm-2', 'vm-3']);
    });

    it('is replaced when it was leased; its release is then nothing special', async () => {
      await open(1);
      const lease = await acquire('a');
      fakeOf(lease).exit();
      await settle();
      expect(on.pool.stats()).toMatchObject({ available: 1, inUse: 0, created: 2, destroyed: 1 });
      on.pool.release(lease);
      expect(on.pool.stats()).toMatchObject({ available: 1, inUse: 0 });
    });

    it('is not offered again when it is released before its process is gone', async () => {
      await open(1);
      const lease = await acquire('a');
      const dying = fakeOf(lease);
      dying.lingers = true;
      dying.kill('wall');
      const waiting = acquire('a');
      on.pool.release(lease);
      await settle();
      expect(on.pool.stats()).toMatchObject({ available: 0, inUse: 0, ending: 1, waiting: 1, created: 1 });
      expect(on.pool.vms()).toMatchObject([{ id: dying.id, healthy: false }]);
      dying.exit();
      await expect(waiting).resolves.toMatchObject({ vm: { id: 'vm-2', alive: true } });
    });

    it('is ending, leased or not, from when it is told to until its process is gone', async () => {
      await open(3);
      const lease = await acquire('a');
      const idle = on.factory.vms[1] as FakeVm;
      for (const vm of [fakeOf(lease), idle]) {
        vm.lingers = true;
        vm.kill('wall');
      }
      expect(on.pool.stats()).toMatchObject({
        available: 1,
        inUse: 0,
        ending: 2,
        starting: 0,
        created: 3,
        destroyed: 0,
      });
      on.pool.release(lease);
      expect(on.pool.stats()).toMatchObject({ available: 1, inUse: 0, ending: 2 });
      on.factory.holdsStarts = true;
      idle.exit();
      await settle();
      expect(on.pool.stats()).toMatchObject({
        available: 1,
        inUse: 0,
        ending: 1,
        starting: 1,
        created: 3,
        destroyed: 1,
      });
      on.factory.heldStarts[0]?.succeed();
      await settle();
      expect(on.pool.stats()).toMatchObject({
        available: 2,
        inUse: 0,
        ending: 1,
        starting: 0,
        created: 4,
        destroyed: 1,
      });
    });

    it('does not cost whoever waits their place in the line', async () => {
      await open(1);
      const lease = await acquire('a');
      const dying = fakeOf(lease);
      dying.lingers = true;
      dying.kill('wall');
      const order: string[] = [];
      const waiting = ['b', 'c'].map(async (tenantId) => {
        const got = await acquire(tenantId);
        order.push(tenantId);
        on.pool.release(got);
      });
      on.pool.release(lease);
      await settle();
      dying.exit();
      await Promise.all(waiting);
      expect(order).toEqual(['b', 'c']);
    });

    it('is replaced when it dies while its isolate is replaced, and the caller gets another', async () => {
      await open(1);
      await visit('a');
      on.factory.holdsResets = true;
      const waiting = acquire('b');
      await settle();
      expect(on.factory.heldResets).toMatchObject([{ vm: { id: 'vm-1' }, tenantId: 'b' }]);
      on.factory.vms[0]?.exit();
      await expect(waiting).resolves.toMatchObject({ vm: { id: 'vm-2' }, tenantId: 'b' });
      expect(on.pool.stats()).toMatchObject({ inUse: 1, created: 2, destroyed: 1 });
    });

    it('is killed, replaced and never used when its reset fails for another reason', async () => {
      await open(1);
      const vm = await visit('a');
      on.factory.holdsResets = true;
      const failed = endOf(acquire('b'));
      await settle();
      on.factory.heldResets[0]?.fail(new Error('of the reset'));
      await expect(failed).resolves.toEqual(new Error('of the reset'));
      await settle();
      expect(vm.alive).toBe(false);
      expect(on.pool.vms()).toMatchObject([{ id: 'vm-2', tenantId: undefined, state: 'idle' }]);
    });

    it('is replaced by one whose start may fail: then a second later', async () => {
      await open(1);
      on.factory.failingStarts = 1;
      on.factory.vms[0]?.exit();
      await settle();
      expect(on.pool.stats()).toMatchObject({ available: 0, starting: 0, destroyed: 1, errors: 1 });
      await jest.advanceTimersByTimeAsync(1000);
      expect(on.pool.stats()).toMatchObject({ available: 1, created: 2 });
    });
  });

  describe('close', () => {
    it('rejects whoever waits and whoever comes later', async () => {
      await open(1);
      await acquire('a');
      const waiting = endOf(acquire('b'));
      const closed = on.pool.close();
      await expect(waiting).resolves.toEqual(shuttingDown);
      await expect(acquire('c')).rejects.toEqual(shuttingDown);
      await closed;
    });

    it('ends every VM, idle or leased, as a shutdown, and replaces none', async () => {
      await open(3);
      await acquire('a');
      await on.pool.close();
      await jest.advanceTimersByTimeAsync(60_000);
      expect(on.factory.destroyed.map(({ vm, reason }) => `${vm.id} ${reason}`)).toEqual([
        'vm-1 shutdown',
        'vm-2 shutdown',
        'vm-3 shutdown',
      ]);
      expect(on.pool.stats()).toMatchObject({ available: 0, inUse: 0, starting: 0, created: 3, destroyed: 3 });
      expect(on.factory.startsAsked).toBe(3);
    });

    it('waits until every process is gone', async () => {
      await open(1);
      const vm = on.factory.vms[0] as FakeVm;
      vm.lingers = true;
      let isClosed = false;
      const closed = on.pool.close().then(() => {
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
      on.factory.holdsStarts = true;
      on.factory.vms[0]?.exit();
      await settle();
      const closed = on.pool.close();
      await settle();
      on.factory.heldStarts[0]?.succeed();
      await closed;
      expect(on.factory.destroyed).toMatchObject([{ vm: { id: 'vm-2' }, reason: 'shutdown' }]);
      expect(on.factory.living).toEqual([]);
    });

    it('gives up on a start that fails meanwhile', async () => {
      await open(1);
      on.factory.holdsStarts = true;
      on.factory.vms[0]?.exit();
      await settle();
      const closed = on.pool.close();
      on.factory.heldStarts[0]?.fail();
      await closed;
      await jest.advanceTimersByTimeAsync(60_000);
      expect(on.factory.startsAsked).toBe(2);
    });

    it('tells a start that is under way to give up, which is then no error', async () => {
      await open(1);
      on.factory.holdsStarts = on.factory.heedsSignals = true;
      on.factory.vms[0]?.exit();
      await settle();
      await on.pool.close();
      expect(on.factory.startsGivenUp).toBe(1);
      expect(on.pool.stats()).toMatchObject({ starting: 0, errors: 0 });
    });

    it('gives up on starts that were to be tried again', async () => {
      on.factory.failingStarts = 1;
      await open(2);
      await on.pool.close();
      await jest.advanceTimersByTimeAsync(60_000);
      expect(on.factory.startsAsked).toBe(2);
    });

    it('reaches a caller whose VM is just being reset', async () => {
      await open(1);
      await visit('a');
      on.factory.holdsResets = true;
      const waiting = endOf(acquire('b'));
      await settle();
      await on.pool.close();
      await expect(waiting).resolves.toEqual(shuttingDown);
    });

    it('may be asked for twice', async () => {
      await open(1);
      await Promise.all([on.pool.close(), on.pool.beforeApplicationShutdown()]);
      await on.pool.close();
      expect(on.factory.living).toEqual([]);
    });
  });
});

import type { FakeVm } from '../../test-support/fake-vm-factory.ts';
import { endOf, usePool } from '../../test-support/use-pool.ts';
import { Deadline } from '../admission/deadline.ts';

const { jest } = import.meta;

describe('VmPoolService and the life of its VMs', () => {
  const on = usePool();
  const { acquire, fakeOf, settle, visit } = on;

  /** Opens the pool and lets its VMs grow old enough that their end is no sign that none can be started. */
  const open: typeof on.open = async (...args) => {
    await on.open(...args);
    await jest.advanceTimersByTimeAsync(1000);
  };

  describe('a VM that dies', () => {
    it('is replaced when it was idle', async () => {
      await open(2);
      on.factory.vms[0]?.exit();
      await settle();
      expect(on.pool.stats()).toMatchObject({ available: 2, created: 3, destroyed: 1, destroyedBy: { crashed: 1 } });
      expect(on.pool.vms().map(({ id }) => id)).toEqual(['vm-2', 'vm-3']);
    });

    it('is replaced when it was leased, while the lease is still held', async () => {
      await open(1);
      fakeOf(await acquire('a')).exit();
      await settle();
      expect(on.pool.stats()).toMatchObject({ available: 1, inUse: 0, created: 2, destroyed: 1 });
    });

    it('is replaced before its process is gone, if there may be one more', async () => {
      await open(1, { maxVms: 2 });
      const dying = fakeOf(await acquire('a'));
      dying.lingers = true;
      dying.kill('wall');
      await endOf(acquire('b', { signal: AbortSignal.abort() }));
      on.pool.healthCheck(dying).catch(() => undefined);
      const next = acquire('b');
      await settle();
      await expect(next).resolves.toMatchObject({ vm: { id: 'vm-2' } });
      expect(on.pool.stats()).toMatchObject({ inUse: 1, ending: 1 });
    });

    it('is not offered again when it is released before its process is gone', async () => {
      await open(1);
      const lease = await acquire('a');
      const dying = fakeOf(lease);
      dying.lingers = true;
      dying.kill('wall');
      const waiting = acquire('a');
      expect(() => {
        on.pool.release(lease);
      }).toThrow(/had ended/);
      await settle();
      expect(on.pool.stats()).toMatchObject({ available: 0, inUse: 0, ending: 1, waiting: 1, created: 1 });
      expect(on.pool.vms()).toMatchObject([{ id: dying.id, state: 'retired', healthy: false }]);
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
      expect(on.pool.stats()).toMatchObject({ available: 1, inUse: 0, ending: 2, starting: 0, destroyed: 0 });
      on.factory.holdsStarts = true;
      idle.exit();
      await settle();
      expect(on.pool.stats()).toMatchObject({ available: 1, inUse: 0, ending: 1, starting: 1, destroyed: 1 });
      on.factory.heldStarts[0]?.succeed();
      await settle();
      expect(on.pool.stats()).toMatchObject({ available: 2, inUse: 0, ending: 1, starting: 0, created: 4 });
    });

    it('does not cost whoever waits their place in the line', async () => {
      await open(1);
      const lease = await acquire('a');
      fakeOf(lease).lingers = true;
      fakeOf(lease).kill('wall');
      const order: string[] = [];
      const waiting = ['b', 'c'].map(async (tenantId) => {
        const got = await acquire(tenantId);
        order.push(tenantId);
        on.pool.release(got);
      });
      await settle();
      fakeOf(lease).exit();
      await Promise.all(waiting);
      expect(order).toEqual(['b', 'c']);
    });

    it('is replaced when it dies while its isolate is replaced, and the caller gets the next', async () => {
      await open(1);
      await visit('a');
      on.factory.holdsResets = true;
      const waiting = acquire('b');
      await settle();
      expect(on.factory.heldResets).toMatchObject([{ vm: { id: 'vm-1' } }]);
      on.factory.vms[0]?.exit();
      await expect(waiting).resolves.toMatchObject({ vm: { id: 'vm-2' }, tenantId: 'b' });
      expect(on.pool.stats()).toMatchObject({ inUse: 1, created: 2, destroyed: 1 });
    });

    it('is told to end when its isolate cannot be replaced, and the caller gets the next', async () => {
      await open(1);
      const vm = await visit('a');
      on.factory.holdsResets = true;
      const waiting = acquire('b');
      await settle();
      on.factory.heldResets[0]?.fail(new Error('of the reset'));
      await expect(waiting).resolves.toMatchObject({ vm: { id: 'vm-2' } });
      expect(vm.goneError).toMatchObject({ reason: 'unhealthy' });
    });
  });

  describe('a VM that was used often', () => {
    it('is never used more than vmMaxUses times', async () => {
      await open(1, { vmMaxUses: 3 });
      const ids: string[] = [];
      for (let use = 0; use < 7; use++) {
        ids.push((await visit('a')).id);
        await settle();
      }
      expect(ids.join(' ')).toBe('vm-1 vm-1 vm-1 vm-2 vm-2 vm-2 vm-3');
      expect(on.pool.stats().destroyedBy).toMatchObject({ uses: 2 });
    });

    it('is replaced a little earlier or later, at random, once its replacement is there', async () => {
      jest.spyOn(Math, 'random').mockReturnValue(0.5);
      await open(1, { vmMaxUses: 100, maxVms: 2 });
      jest.spyOn(Math, 'random').mockRestore();
      on.factory.holdsStarts = true;
      for (let use = 0; use < 94; use++) await visit('a');
      expect(on.factory.heldStarts).toHaveLength(0);
      await visit('a');
      expect(on.factory.heldStarts).toHaveLength(1);
      expect((await visit('a')).id).toBe('vm-1');
      on.factory.heldStarts[0]?.succeed();
      await settle();
      expect(on.pool.vms()).toMatchObject([{ id: 'vm-2' }]);
      expect(on.pool.stats()).toMatchObject({ destroyed: 1, destroyedBy: { uses: 1 } });
    });
  });

  describe('a VM that is old', () => {
    it('is replaced, each at another time, and never before its replacement is there', async () => {
      await open(2, { maxVms: 3, vmMaxAgeMs: 100_000 });
      on.factory.holdsStarts = true;
      await jest.advanceTimersByTimeAsync(100_000);
      expect(on.pool.stats()).toMatchObject({ available: 2, starting: 1 });
      on.factory.holdsStarts = false;
      on.factory.heldStarts[0]?.succeed();
      await settle();
      await settle();
      expect(on.pool.vms().map(({ id }) => id)).toEqual(['vm-3', 'vm-4']);
      expect(on.pool.stats()).toMatchObject({ destroyed: 2, destroyedBy: { age: 2 } });
    });

    it('is replaced when it comes back, if it is at work', async () => {
      await open(1, { maxVms: 2, vmMaxAgeMs: 10_000 });
      const lease = await acquire('a');
      await jest.advanceTimersByTimeAsync(10_000);
      expect(on.pool.stats()).toMatchObject({ inUse: 1, available: 1, created: 2 });
      on.pool.release(lease);
      await settle();
      expect(on.pool.vms()).toMatchObject([{ id: 'vm-2' }]);
      expect(on.pool.stats().destroyedBy).toMatchObject({ age: 1, overflow: 0 });
    });

    it('is ended first where there is no room for another beside it', async () => {
      await open(1, { vmMaxAgeMs: 10_000 });
      await jest.advanceTimersByTimeAsync(10_000);
      expect(on.pool.vms()).toMatchObject([{ id: 'vm-2', state: 'idle' }]);
    });
  });

  describe('when VMs do not start', () => {
    it('tries less and less often, then not at all for a while, and recovers by itself', async () => {
      await open(1);
      on.factory.failingStarts = 6;
      on.factory.vms[0]?.exit();
      await jest.advanceTimersByTimeAsync(3000);
      expect(on.pool.stats()).toMatchObject({ available: 0, errors: 5, breaker: 'open' });
      const error = await endOf(acquire('a', { deadline: new Deadline(60_000) }));
      expect(error).toMatchObject({
        code: 'POOL_EXHAUSTED',
        message: 'There is no VM, and none can be started',
        details: { retryAfterMs: expect.any(Number) },
      });
      await jest.advanceTimersByTimeAsync(10_000);
      expect(on.pool.stats()).toMatchObject({ errors: 6, breaker: 'open' });
      await jest.advanceTimersByTimeAsync(10_000);
      expect(on.pool.stats()).toMatchObject({ available: 1, errors: 6, breaker: 'closed' });
    });

    it('sends away who waits when there is nothing to wait for', async () => {
      await open(1);
      on.factory.failingStarts = 5;
      on.factory.vms[0]?.exit();
      await settle();
      const waiting = endOf(acquire('a', { deadline: new Deadline(60_000) }));
      await jest.advanceTimersByTimeAsync(3000);
      await expect(waiting).resolves.toMatchObject({ code: 'POOL_EXHAUSTED' });
    });

    it('goes on with the VMs there are', async () => {
      await open(2);
      on.factory.failingStarts = 5;
      on.factory.vms[0]?.exit();
      await jest.advanceTimersByTimeAsync(3000);
      expect(on.pool.stats()).toMatchObject({ available: 1, breaker: 'open' });
      await expect(acquire('a')).resolves.toMatchObject({ vm: { id: 'vm-2' } });
    });

    it('takes one that starts and dies at once, unused, for one that did not start', async () => {
      await open(1);
      on.factory.vms[0]?.exit();
      for (let death = 0; death < 5; death++) {
        await jest.advanceTimersByTimeAsync(100);
        on.factory.vms.at(-1)?.exit();
        await settle();
      }
      const { startsAsked } = on.factory;
      expect(on.pool.stats()).toMatchObject({ available: 0, errors: 0, breaker: 'open' });
      await jest.advanceTimersByTimeAsync(9000);
      expect(on.factory.startsAsked).toBe(startsAsked);
      await jest.advanceTimersByTimeAsync(1000);
      expect(on.pool.stats()).toMatchObject({ available: 1, breaker: 'closed' });
    });

    it('takes one that is killed from outside for no sign of that, and only waits a moment', async () => {
      await open(1);
      for (let death = 0; death < 10; death++) {
        on.factory.vms.at(-1)?.exit('SIGKILL');
        await jest.advanceTimersByTimeAsync(100);
        expect(on.pool.stats()).toMatchObject({ available: 1, breaker: 'closed', destroyed: death + 1 });
      }
    });

    it('does not blame the start for a VM that a script has brought down', async () => {
      await open(1, { tenantConcurrency: 10 });
      for (let death = 0; death < 10; death++) {
        fakeOf(await acquire('a')).exit();
        await settle();
      }
      expect(on.pool.stats()).toMatchObject({ available: 1, breaker: 'closed', destroyed: 10 });
    });
  });
});

import type { FakeVm } from '../../test-support/fake-vm-factory.ts';
import { usePool } from '../../test-support/use-pool.ts';
import type { LinkRequest } from '../process/vm-request.ts';
import type { RetireReason } from '../process/retire-reason.ts';

const { jest } = import.meta;

describe('Scripts that are loaded ahead', () => {
  const on = usePool();
  const { acquire, fakeOf, settle, visit } = on;
  const LIMITS = { timeoutMs: 1000, maxCpuMs: 1000, maxMemoryMb: 64 };
  /** What each tenant wants of its VMs: scripts of these keys. */
  let wanted: Record<string, readonly string[]>;

  const requestFor = (key: string): LinkRequest => ({
    units: [{ key, name: 'a.js', wrap: 'script', sourceChars: 1, imports: [], compileMs: 1 }],
    limits: LIMITS,
  });

  const open = async (poolSize: number): Promise<void> => {
    await on.open(poolSize);
    on.pool.loadAhead((tenantId, vm) => {
      const key = wanted[tenantId]?.find((one) => !vm.held(one, 64));
      return key === undefined ? undefined : Promise.resolve(requestFor(key));
    });
    // Old enough that an end is no sign that none can be started.
    await jest.advanceTimersByTimeAsync(1000);
  };

  beforeEach(() => {
    wanted = { a: ['a1', 'a2'] };
  });

  it('are loaded one by one, each after an execution of the tenant', async () => {
    await open(1);
    const vm = await visit('a');
    await settle();
    expect([...vm.heldKeys]).toEqual(['a1']);
    expect(on.pool.stats()).toMatchObject({ available: 1, recycling: 0 });
    await jest.advanceTimersByTimeAsync(10_000);
    expect([...vm.heldKeys]).toEqual(['a1']);
    await visit('a');
    await settle();
    expect([...vm.heldKeys]).toEqual(['a1', 'a2']);
  });

  it('wait until the VM has made its next realm', async () => {
    await open(1);
    const lease = await acquire('a');
    const vm = fakeOf(lease);
    vm.recycled = false;
    on.pool.release(lease);
    await settle();
    expect([...vm.heldKeys]).toEqual([]);
    vm.finishRecycling();
    await settle();
    expect([...vm.heldKeys]).toEqual(['a1']);
  });

  it('are not loaded into a VM that has become another’s meanwhile', async () => {
    await open(1);
    const search = Promise.withResolvers<LinkRequest>();
    on.pool.loadAhead((tenantId) => (tenantId === 'a' ? search.promise : undefined));
    const vm = await visit('a');
    const lease = acquire('b');
    await settle();
    on.pool.release(await lease);
    search.resolve(requestFor('a1'));
    await settle();
    expect(on.pool.vms()).toMatchObject([{ id: vm.id, tenantId: 'b', state: 'idle' }]);
    expect([...vm.heldKeys]).toEqual([]);
  });

  it('keep nobody waiting longer than one of them takes', async () => {
    await open(1);
    const vm = on.factory.vms[0] as FakeVm;
    vm.holdsLinks = true;
    await visit('a');
    await settle();
    expect(on.pool.stats()).toMatchObject({ recycling: 1 });
    const next = acquire('a');
    await settle();
    expect(on.pool.stats()).toMatchObject({ waiting: 1 });
    vm.answerLink();
    await settle();
    expect(fakeOf(await next)).toBe(vm);
    expect([...vm.heldKeys]).toEqual(['a1']);
  });

  it('cost no other tenant its isolate, when their own asks for the VM meanwhile', async () => {
    await open(2);
    const vm = await visit('a');
    await settle();
    const other = await visit('b');
    vm.holdsLinks = true;
    await visit('a');
    await settle();
    const lease = acquire('a');
    await settle();
    expect(on.pool.stats()).toMatchObject({ waiting: 1, inUse: 0 });
    vm.answerLink();
    await expect(lease.then(fakeOf)).resolves.toBe(vm);
    expect(other.resets).toBe(0);
  });

  it('are forgotten when they could not be loaded, so that the next execution costs no VM', async () => {
    await on.open(2);
    const forgotten: string[] = [];
    on.pool.loadAhead(
      (tenantId) => (tenantId === 'a' && forgotten.length === 0 ? Promise.resolve(requestFor('a1')) : undefined),
      (tenantId, { units }) => void forgotten.push(`${tenantId} ${units[0]?.key}`),
    );
    for (const vm of on.factory.vms) vm.endsOnLink = 'memory';
    for (let count = 0; count < 3; count++) {
      await visit('a');
      await jest.advanceTimersByTimeAsync(1000);
    }
    expect(forgotten).toEqual(['a a1']);
    expect(on.pool.stats()).toMatchObject({ available: 2, destroyedBy: { memory: 1 } });
  });

  it('cost only the VM that does not load them', async () => {
    await open(2);
    const vm = on.factory.vms[0] as FakeVm;
    vm.holdsLinks = true;
    await visit('a');
    await settle();
    vm.kill('wall');
    vm.answerLink();
    await settle();
    expect(on.pool.stats()).toMatchObject({ available: 2, destroyedBy: { wall: 1 } });
  });

  describe('when a tenant’s only VM has ended', () => {
    const endOfVmOf = async (tenantId: string, reason: RetireReason): Promise<void> => {
      (await visit(tenantId)).kill(reason);
      await settle();
    };

    const tenants = (): readonly (string | undefined)[] => on.pool.vms().map((vm) => vm.tenantId);

    it('are in one that becomes its own', async () => {
      await open(3);
      await endOfVmOf('a', 'memory');
      expect(tenants().filter((id) => id !== undefined)).toEqual(['a']);
      const next = fakeOf(await acquire('a'));
      expect([...next.heldKeys]).toEqual(['a1']);
      expect(fakeOf(await acquire('b')).heldKeys.size).toBe(0);
    });

    it.each<RetireReason>(['protocol', 'unhealthy', 'overflow', 'load', 'rebind'])(
      'are not, for %s',
      async (reason) => {
        await open(3);
        await endOfVmOf('a', reason);
        expect(tenants()).toEqual([undefined, undefined, undefined]);
      },
    );

    it('are in one VM only, if they end it: a script that cannot be loaded must not cost one VM after the other', async () => {
      await open(4);
      for (const vm of on.factory.vms) vm.endsOnLink = 'memory';
      await endOfVmOf('a', 'memory');
      await jest.advanceTimersByTimeAsync(1000);
      expect(on.pool.stats()).toMatchObject({ available: 4, destroyedBy: { memory: 2 } });
    });

    it('do not open the breaker, if they crash VMs that have just been started', async () => {
      await on.open(4);
      on.pool.loadAhead(() => Promise.resolve(requestFor('a1')));
      for (let round = 0; round < 6; round++) {
        for (const vm of on.factory.vms) vm.endsOnLink = 'crashed';
        // Its own, and one that stands in for that.
        await visit('a');
        await settle();
      }
      expect(on.pool.stats()).toMatchObject({ breaker: 'closed', destroyedBy: { crashed: 12 } });
    });

    it('are not, when it ran nothing that is worth it', async () => {
      await open(3);
      await endOfVmOf('b', 'memory');
      expect(tenants()).toEqual([undefined, undefined, undefined]);
    });

    it('are not, where that would leave none to others', async () => {
      await open(2);
      await endOfVmOf('a', 'memory');
      expect(tenants()).toEqual([undefined, undefined]);
    });
  });
});

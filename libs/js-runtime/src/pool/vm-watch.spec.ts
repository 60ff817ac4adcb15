import { FakeVm } from '../../test-support/fake-vm-factory.ts';
import { PooledVm } from './pooled-vm.ts';
import { VmLease } from './vm-lease.ts';
import { VmWatch } from './vm-watch.ts';

const { jest } = import.meta;
const TICK_MS = 10;
const CPUS = 4;

describe('VmWatch', () => {
  let fleet: PooledVm[];
  let watch: VmWatch;

  beforeEach(() => {
    jest.useFakeTimers();
    fleet = [];
    watch = new VmWatch(fleet, 100, undefined, CPUS, true);
  });

  afterEach(() => {
    watch.stop();
    jest.useRealTimers();
  });

  /** A VM that is ready. */
  function add(): [PooledVm, FakeVm] {
    const vm = new FakeVm(`vm-${fleet.length + 1}`, 1001 + fleet.length);
    const pooled = new PooledVm(1000);
    pooled.started(vm);
    fleet.push(pooled);
    return [pooled, vm];
  }

  function lend(pooled: PooledVm): void {
    pooled.lend(new VmLease(pooled.vm, 'acme'), 'isolate');
    watch.lent(pooled);
  }

  /** A VM that is at work. */
  function addLeased(): [PooledVm, FakeVm] {
    const added = add();
    lend(added[0]);
    return added;
  }

  function tick(): void {
    jest.advanceTimersByTime(TICK_MS);
  }

  /** A VM at work has used that much CPU since it was first looked at. */
  function burn(vm: FakeVm, ms: number): void {
    tick();
    vm.ranMs += ms;
    tick();
  }

  /** As the pool does it. */
  function release(pooled: PooledVm): void {
    pooled.release();
    watch.restore(pooled);
  }

  describe('its ticks', () => {
    it('begin when something runs and end with the first that finds nothing', () => {
      const [pooled] = add();
      expect(jest.getTimerCount()).toBe(0);
      lend(pooled);
      jest.advanceTimersByTime(10_000);
      expect(jest.getTimerCount()).toBe(1);
      release(pooled);
      tick();
      expect(jest.getTimerCount()).toBe(0);
    });

    it('go on while one of many runs', () => {
      const [first] = addLeased();
      const [second] = addLeased();
      release(first);
      jest.advanceTimersByTime(1000);
      expect(jest.getTimerCount()).toBe(1);
      release(second);
      tick();
      expect(jest.getTimerCount()).toBe(0);
    });

    it('go on while a VM makes its next realm', () => {
      const [pooled, vm] = addLeased();
      vm.recycled = false;
      release(pooled);
      jest.advanceTimersByTime(1000);
      expect(jest.getTimerCount()).toBe(1);
      vm.finishRecycling();
      tick();
      expect(jest.getTimerCount()).toBe(0);
    });

    it.each(['isolate', 'check'] as const)('are not needed for a VM that is busy with another thing: %p', (task) => {
      const [pooled] = add();
      void pooled.recycle(task, async () => new Promise(() => undefined));
      watch.start();
      tick();
      expect(jest.getTimerCount()).toBe(0);
    });

    it('end when all that ran have ended', () => {
      const [, vm] = addLeased();
      vm.exit();
      tick();
      expect(jest.getTimerCount()).toBe(0);
    });

    it.each(['cpu', 'memory'] as const)('end a VM whose request exceeds its limit of %s', async (exceeds) => {
      const [pooled, vm] = addLeased();
      vm.exceeds = exceeds;
      tick();
      expect(pooled.state).toBe('retired');
      await expect(vm.exited).resolves.toMatchObject({ reason: exceeds });
    });

    it('pay no heed to a VM that starts', () => {
      fleet.push(new PooledVm(1000));
      watch.start();
      tick();
      expect(jest.getTimerCount()).toBe(0);
    });

    it('are those of one timer, however often something begins to run', () => {
      const [pooled, vm] = addLeased();
      addLeased();
      watch.start();
      expect(jest.getTimerCount()).toBe(1);
      const looks = jest.spyOn(vm, 'enforceLimits');
      tick();
      expect(looks).toHaveBeenCalledTimes(1);
      expect(pooled.state).toBe('leased');
    });

    it('begin again', () => {
      const [pooled, vm] = addLeased();
      release(pooled);
      tick();
      lend(pooled);
      burn(vm, 100);
      expect(vm.nice).toBe(5);
    });

    it('can be stopped, more than once', () => {
      const [, vm] = addLeased();
      watch.stop();
      watch.stop();
      expect(jest.getTimerCount()).toBe(0);
      burn(vm, 1000);
      expect(vm.nice).toBe(0);
    });
  });

  describe('the priority of a VM', () => {
    it.each([
      [0, 0],
      [99, 0],
      [100, 5],
      [999, 5],
      [1000, 10],
      [60_000, 10],
    ])('is, when its execution has burnt %d ms, nice %d', (burntMs, nice) => {
      const [pooled, vm] = addLeased();
      burn(vm, burntMs);
      expect([vm.nice, pooled.nice]).toEqual([nice, nice]);
    });

    it('sinks step by step as the execution goes on', () => {
      const [, vm] = addLeased();
      const seen = [50, 50, 800, 100, 5000].map((ms) => {
        burn(vm, ms);
        return vm.nice;
      });
      expect(seen).toEqual([0, 5, 5, 10, 10]);
    });

    it('is set once per step, not at every tick', () => {
      const [, vm] = addLeased();
      const set = jest.spyOn(vm, 'setPriority');
      burn(vm, 100);
      jest.advanceTimersByTime(1000);
      burn(vm, 900);
      jest.advanceTimersByTime(1000);
      expect(set.mock.calls).toEqual([[5], [10]]);
    });

    it('is tried again at the next tick when it could not be lowered', () => {
      const [pooled, vm] = addLeased();
      const set = jest.spyOn(vm, 'setPriority').mockReturnValueOnce(false);
      burn(vm, 100);
      expect(pooled.nice).toBe(0);
      tick();
      expect([pooled.nice, set.mock.calls.length]).toEqual([5, 2]);
    });

    it('does not sink for CPU that was used before this execution', () => {
      const [pooled, vm] = addLeased();
      burn(vm, 60);
      release(pooled);
      vm.ranMs += 1000;
      lend(pooled);
      burn(vm, 60);
      expect(vm.nice).toBe(0);
    });

    it('does not sink for what others do', () => {
      const [, burner] = addLeased();
      const [, other] = addLeased();
      burn(burner, 1000);
      expect([burner.nice, other.nice]).toEqual([10, 0]);
    });

    it('does not sink while it makes its realm', () => {
      const [pooled, vm] = addLeased();
      tick();
      vm.recycled = false;
      release(pooled);
      burn(vm, 1000);
      expect(vm.nice).toBe(0);
    });

    it('stays what it is where nobody can tell what a VM uses', () => {
      const [pooled, vm] = addLeased();
      jest.spyOn(vm, 'cpuMs').mockReturnValue(undefined as never);
      burn(vm, 1000);
      expect([vm.nice, pooled.state]).toEqual([0, 'leased']);
    });

    it('is restored when the execution is over', () => {
      const [pooled, vm] = addLeased();
      burn(vm, 1000);
      release(pooled);
      expect([vm.nice, pooled.nice, pooled.state]).toEqual([0, 0, 'idle']);
      lend(pooled);
      burn(vm, 100);
      expect(vm.nice).toBe(5);
    });

    it('is left alone when it was not lowered', () => {
      const [pooled, vm] = addLeased();
      vm.refusesToRestore = true;
      const set = jest.spyOn(vm, 'setPriority');
      burn(vm, 99);
      release(pooled);
      expect([set.mock.calls.length, pooled.state]).toEqual([0, 'idle']);
    });

    it('is left alone when the VM has ended', async () => {
      const [pooled, vm] = addLeased();
      burn(vm, 1000);
      const set = jest.spyOn(vm, 'setPriority');
      vm.kill('wall');
      release(pooled);
      expect(set).not.toHaveBeenCalled();
      await expect(vm.exited).resolves.toMatchObject({ reason: 'wall' });
    });
  });

  describe('where a priority cannot be restored', () => {
    let pooled: PooledVm;
    let vm: FakeVm;

    beforeEach(() => {
      [pooled, vm] = addLeased();
      vm.refusesToRestore = true;
      burn(vm, 100);
      release(pooled);
    });

    it('the VM is ended, with the reason "lowered"', async () => {
      expect(pooled.state).toBe('retired');
      await expect(vm.exited).resolves.toMatchObject({ reason: 'lowered' });
    });

    it.each([
      [100, 0],
      [999, 0],
      [1000, 10],
    ])('one that burns %d ms has nice %d from then on', (burntMs, nice) => {
      const [, next] = addLeased();
      burn(next, burntMs);
      expect(next.nice).toBe(nice);
    });

    it('those that burn little are kept', () => {
      const [next, nextVm] = addLeased();
      nextVm.refusesToRestore = true;
      burn(nextVm, 999);
      release(next);
      expect(next.state).toBe('idle');
    });

    it('those that burn long are ended, too', async () => {
      const [next, nextVm] = addLeased();
      nextVm.refusesToRestore = true;
      burn(nextVm, 1000);
      release(next);
      await expect(nextVm.exited).resolves.toMatchObject({ reason: 'lowered' });
    });
  });

  describe('the VMs of a tenant that takes much, beside one that does not', () => {
    const [GREEDY, MODEST] = ['greedy', 'modest'];

    function addFor(tenantId: string): [PooledVm, FakeVm] {
      const added = add();
      lendTo(added[0], tenantId);
      return added;
    }

    function lendTo(pooled: PooledVm, tenantId: string): void {
      pooled.lend(new VmLease(pooled.vm, tenantId), 'isolate');
      watch.lent(pooled);
    }

    /** It runs one short execution after the other, so that it has a CPU of four all the time; a moment of the other tenant is among them. */
    function flood([pooled, vm]: [PooledVm, FakeVm], ms: number): void {
      for (let passed = 0; passed < ms; passed += TICK_MS) {
        vm.ranMs += TICK_MS;
        tick();
        release(pooled);
        lendTo(pooled, GREEDY);
      }
    }

    it('are lowered, though none of its executions is long, and stay so from one to the next', () => {
      const greedy = addFor(GREEDY);
      const [, modest] = addFor(MODEST);
      flood(greedy, 2000);
      const set = jest.spyOn(greedy[1], 'setPriority');
      flood(greedy, 1000);
      expect([greedy[0].nice, greedy[1].nice, modest.nice]).toEqual([5, 5, 0]);
      expect(set).not.toHaveBeenCalled();
    });

    it('are all lowered, and what burns long further', () => {
      const greedy = addFor(GREEDY);
      addFor(MODEST);
      flood(greedy, 2000);
      const [other, otherVm] = addFor(GREEDY);
      tick();
      expect([other.nice, otherVm.nice]).toEqual([5, 5]);
      burn(otherVm, 1000);
      expect(otherVm.nice).toBe(10);
      release(other);
      expect(otherVm.nice).toBeLessThan(15);
    });

    it('have their priority again at the next execution, when that is over', () => {
      const greedy = addFor(GREEDY);
      addFor(MODEST);
      flood(greedy, 2000);
      release(greedy[0]);
      jest.advanceTimersByTime(2000);
      expect(greedy[1].nice).toBe(5);
      lendTo(greedy[0], GREEDY);
      expect([greedy[0].nice, greedy[1].nice]).toEqual([0, 0]);
    });

    it('have it again though nothing has run since, so that nobody has looked', () => {
      const greedy = addFor(GREEDY);
      const modest = addFor(MODEST);
      flood(greedy, 2000);
      release(greedy[0]);
      release(modest[0]);
      jest.advanceTimersByTime(60_000);
      expect(greedy[1].nice).toBe(5);
      lendTo(greedy[0], GREEDY);
      expect([greedy[0].nice, greedy[1].nice]).toEqual([0, 0]);
    });

    it('have it before they become the VMs of others', () => {
      const greedy = addFor(GREEDY);
      addFor(MODEST);
      flood(greedy, 2000);
      release(greedy[0]);
      watch.restoreForAnother(greedy[0]);
      expect([greedy[0].nice, greedy[1].nice, greedy[0].state]).toEqual([0, 0, 'idle']);
    });

    it('are ended instead where that cannot be, and then no tenant is lowered for a while', () => {
      const greedy = addFor(GREEDY);
      addFor(MODEST);
      greedy[1].refusesToRestore = true;
      flood(greedy, 2000);
      expect(watch.niceOf(GREEDY)).toBe(5);
      release(greedy[0]);
      watch.restoreForAnother(greedy[0]);
      expect(greedy[0].state).toBe('retired');
      const next = addFor(GREEDY);
      flood(next, 2000);
      expect([watch.niceOf(GREEDY), next[1].nice]).toEqual([0, 0]);
    });

    it('are never lowered as such where that cannot be undone', () => {
      watch = new VmWatch(fleet, 100, undefined, CPUS, false);
      const greedy = addFor(GREEDY);
      addFor(MODEST);
      flood(greedy, 2000);
      expect([watch.niceOf(GREEDY), greedy[1].nice]).toEqual([0, 0]);
      burn(greedy[1], 900);
      expect(greedy[1].nice).toBe(0);
      burn(greedy[1], 100);
      expect(greedy[1].nice).toBe(10);
    });

    it('are as they were while nobody else is there', () => {
      const greedy = addFor(GREEDY);
      flood(greedy, 2000);
      expect(greedy[1].nice).toBe(0);
    });

    it('do not pay at once for what many short executions, each between two looks, have used in a long time', () => {
      const [modest, vm] = addFor(MODEST);
      tick();
      release(modest);
      for (let count = 0; count < 600; count++) {
        lendTo(modest, MODEST);
        vm.ranMs += 5;
        release(modest);
        jest.advanceTimersByTime(1000);
      }
      addFor(GREEDY);
      lendTo(modest, MODEST);
      tick();
      expect([watch.niceOf(MODEST), vm.nice]).toEqual([0, 0]);
    });

    it('do not pay for what their process has used for another', async () => {
      const greedy = addFor(GREEDY);
      addFor(MODEST);
      tick();
      release(greedy[0]);
      await greedy[0].recycle('isolate', () => {
        greedy[1].ranMs += 5000;
        return Promise.resolve();
      });
      lendTo(greedy[0], MODEST);
      tick();
      tick();
      expect(watch.niceOf(MODEST)).toBe(0);
    });
  });

  it('tells after each look how late it came', () => {
    const late: number[] = [];
    watch = new VmWatch(fleet, 100, (ms) => late.push(ms), CPUS, true);
    addLeased();
    tick();
    const after = performance.now() + TICK_MS + 7;
    const now = jest.spyOn(performance, 'now').mockReturnValue(after);
    tick();
    now.mockRestore();
    expect(late).toEqual([0, 7]);
  });

  describe('a VM that makes its next realm', () => {
    let pooled: PooledVm;
    let vm: FakeVm;

    beforeEach(() => {
      [pooled, vm] = addLeased();
      vm.recycled = false;
      release(pooled);
    });

    it('is ended as unhealthy when that takes too long', async () => {
      tick();
      expect(pooled.state).toBe('recycling');
      vm.isStuck = true;
      tick();
      expect(pooled.state).toBe('retired');
      await expect(vm.exited).resolves.toMatchObject({ reason: 'unhealthy' });
      tick();
      expect(jest.getTimerCount()).toBe(0);
    });

    it('is given the time that is configured', () => {
      const overdue = jest.spyOn(vm, 'recyclingOverdue');
      tick();
      expect(overdue.mock.calls).toEqual([[100]]);
    });

    it('is not ended when it was leased meanwhile: the execution has its own deadline', () => {
      lend(pooled);
      vm.isStuck = true;
      tick();
      expect(pooled.state).toBe('leased');
    });

    it('is not ended for another that is', () => {
      const [other, otherVm] = addLeased();
      otherVm.recycled = false;
      release(other);
      otherVm.isStuck = true;
      tick();
      expect([pooled.state, other.state]).toEqual(['recycling', 'retired']);
    });
  });
});

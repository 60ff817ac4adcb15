import { FakeVm } from '../../test-support/fake-vm-factory.ts';
import { PooledVm } from './pooled-vm.ts';
import { VmLease } from './vm-lease.ts';
import { VM_STATES, type VmState } from './vm-state.ts';

const { jest } = import.meta;

/** The arrows of the drawing in vm-state.ts. */
const ARROWS = [
  ...['starting → idle', 'starting → retired'],
  ...['idle → leased', 'idle → recycling', 'idle → retired'],
  ...['leased → idle', 'leased → recycling', 'leased → retired'],
  ...['recycling → idle', 'recycling → leased', 'recycling → retired'],
  // Its realm is given up for a new isolate.
  'recycling → recycling',
];
/** Nothing begins to start again; and what starts has no process yet that could be told to end. */
const NO_WAY_TO_TRY = ['starting → retired', ...VM_STATES.map((from) => `${from} → starting`)];
const PAIRS = VM_STATES.flatMap((from) => VM_STATES.map((to) => ({ from, to, arrow: `${from} → ${to}` })));
const TRIABLE = PAIRS.filter(({ arrow }) => !NO_WAY_TO_TRY.includes(arrow));

const forever = async (): Promise<void> => new Promise(() => undefined);

describe('PooledVm', () => {
  let vm: FakeVm;
  let pooled: PooledVm;

  beforeEach(() => {
    jest.useFakeTimers();
    vm = new FakeVm('vm-1', 1001);
    pooled = new PooledVm(1000);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  function lend(tenantId = 'acme'): VmLease {
    const lease = new VmLease(pooled.vm, tenantId);
    pooled.lend(lease, 'isolate');
    return lease;
  }

  /** Resolves when it has begun with the work, rejects when it may not. */
  async function beginWork(task: 'isolate' | 'check'): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const work = async (): Promise<void> => {
        resolve();
        return forever();
      };
      pooled.recycle(task, work).catch(reject);
    });
  }

  /** It is given back, and its next realm is not made yet. */
  function releaseUnrecycled(): void {
    vm.recycled = false;
    pooled.release();
  }

  function bringInto(state: VmState): void {
    if (state === 'starting') return;
    pooled.started(vm);
    if (state === 'leased' || state === 'recycling') lend();
    if (state === 'recycling') releaseUnrecycled();
    if (state === 'retired') pooled.retire('age');
  }

  /** What makes a VM of this state idle, if anything does. */
  function makeIdle(from: VmState): void {
    if (from === 'leased') pooled.release();
    else if (from === 'recycling') vm.finishRecycling();
    else pooled.started(from === 'starting' ? vm : new FakeVm('vm-2', 1002));
  }

  function whatIsKnown(): unknown {
    const { state, lease, tenantId, boundary, isShared, lastUsedAt, useCount } = pooled;
    const vmId = state === 'starting' ? undefined : pooled.vm.id;
    return { state, lease, tenantId, boundary, isShared, lastUsedAt, useCount, vmId };
  }

  async function goTo(to: VmState, from: VmState): Promise<void> {
    if (to === 'idle') makeIdle(from);
    else if (to === 'leased') lend();
    else if (to === 'retired') pooled.retire('wall');
    else if (from === 'leased') releaseUnrecycled();
    else await beginWork('isolate');
  }

  describe('its states', () => {
    it.each(VM_STATES)('can be brought about: %p', (state) => {
      bringInto(state);
      expect(pooled.state).toBe(state);
    });

    it.each(TRIABLE.filter(({ arrow }) => ARROWS.includes(arrow)))(
      'follow on each other: $arrow',
      async ({ from, to }) => {
        bringInto(from);
        await goTo(to, from);
        expect(pooled.state).toBe(to);
      },
    );

    it.each(TRIABLE.filter(({ arrow, to }) => !ARROWS.includes(arrow) && to !== 'retired'))(
      'do not follow on each other, and a try changes nothing: $arrow',
      async ({ from, to }) => {
        bringInto(from);
        const before = whatIsKnown();
        await expect(goTo(to, from)).rejects.toThrow();
        expect(whatIsKnown()).toEqual(before);
      },
    );

    it('end with the first reason', async () => {
      bringInto('idle');
      pooled.retire('age');
      pooled.retire('shutdown');
      expect(pooled.state).toBe('retired');
      await expect(vm.exited).resolves.toMatchObject({ reason: 'age' });
    });

    it('do not end before there is a process', () => {
      expect(() => pooled.vm).toThrow('still starting');
      expect(() => {
        pooled.retire('shutdown');
      }).toThrow('still starting');
    });
  });

  describe('when its process ends by itself', () => {
    it.each(['idle', 'leased', 'recycling', 'retired'] as const)('is retired, if it was %s', (state) => {
      bringInto(state);
      vm.exit();
      expect(pooled).toMatchObject({ state: 'retired', isFree: false, isBeingFreed: false, isMakingItsRealm: false });
    });

    it.each(['isolate', 'check'] as const)('is retired, if it was busy with %p', async (task) => {
      bringInto('idle');
      await beginWork(task);
      vm.exit();
      expect(pooled).toMatchObject({ state: 'retired', isBeingFreed: false });
    });

    it('is retired, if that was before the pool heard of its start', () => {
      vm.exit();
      pooled.started(vm);
      expect(pooled.state).toBe('retired');
    });

    it('cannot be leased', () => {
      bringInto('idle');
      const lease = new VmLease(vm, 'acme');
      vm.exit();
      expect(() => {
        pooled.lend(lease, 'isolate');
      }).toThrow('VM vm-1 cannot become leased: it is retired');
      expect(pooled).toMatchObject({ lease: undefined, tenantId: undefined, useCount: 0 });
    });

    it('can still be given back', () => {
      bringInto('leased');
      vm.exit();
      pooled.release();
      expect(pooled).toMatchObject({ state: 'retired', lease: undefined });
    });

    it('does not come back to life by what it had sent before', () => {
      bringInto('recycling');
      const { onRecycled } = vm;
      vm.exit();
      onRecycled?.();
      expect(pooled.state).toBe('retired');
    });
  });

  describe('who may have it', () => {
    it.each([
      ['starting', { isFree: false, isBeingFreed: false, isMakingItsRealm: false }],
      ['idle', { isFree: true, isBeingFreed: false, isMakingItsRealm: false }],
      ['leased', { isFree: false, isBeingFreed: false, isMakingItsRealm: false }],
      ['recycling', { isFree: true, isBeingFreed: false, isMakingItsRealm: true }],
      ['retired', { isFree: false, isBeingFreed: false, isMakingItsRealm: false }],
    ] as const)('can be seen when it is %s', (state, expected) => {
      bringInto(state);
      expect(pooled).toMatchObject(expected);
    });

    it('is nobody while its isolate is replaced', async () => {
      bringInto('idle');
      await beginWork('isolate');
      expect(pooled).toMatchObject({ isFree: false, isBeingFreed: true, isMakingItsRealm: false });
    });

    it('is nobody while it is checked', async () => {
      bringInto('idle');
      await beginWork('check');
      expect(pooled).toMatchObject({ isFree: false, isBeingFreed: false, isMakingItsRealm: false });
    });
  });

  describe('a lease', () => {
    it('makes it that tenant’s, and counts', () => {
      bringInto('idle');
      expect(pooled).toMatchObject({ lease: undefined, tenantId: undefined, useCount: 0, boundary: 'isolate' });
      const lease = new VmLease(vm, 'acme');
      pooled.lend(lease, 'process');
      expect(pooled).toMatchObject({ tenantId: 'acme', useCount: 1, boundary: 'process' });
      expect(pooled.lease).toBe(lease);
    });

    it('is gone when it was given back, but the VM stays that tenant’s', () => {
      bringInto('leased');
      jest.advanceTimersByTime(500);
      const { lastUsedAt } = pooled;
      pooled.release();
      expect(pooled).toMatchObject({ lease: undefined, tenantId: 'acme', useCount: 1, state: 'idle' });
      expect(pooled.lastUsedAt).toBe(lastUsedAt + 500);
    });

    it('counts each time', () => {
      bringInto('idle');
      for (let use = 0; use < 2; use++) {
        lend();
        pooled.release();
      }
      expect(pooled).toMatchObject({ tenantId: 'acme', useCount: 2 });
    });

    it('begins with no CPU used', () => {
      bringInto('leased');
      pooled.cpuMsAtFirstLook = 123;
      pooled.release();
      lend();
      expect(pooled.cpuMsAtFirstLook).toBeUndefined();
    });

    it('cannot be had twice at the same time', () => {
      bringInto('idle');
      const lease = lend();
      expect(() => lend('globex')).toThrow('VM vm-1 cannot become leased: it is leased');
      expect(pooled.lease).toBe(lease);
      expect(pooled).toMatchObject({ tenantId: 'acme', useCount: 1 });
    });

    it('is refused while its isolate is replaced, or it is checked', async () => {
      for (const task of ['isolate', 'check'] as const) {
        vm = new FakeVm('vm-1', 1001);
        pooled = new PooledVm(1000);
        bringInto('idle');
        await beginWork(task);
        expect(() => lend()).toThrow('VM vm-1 cannot become leased: it is recycling');
      }
    });

    it("is refused while it is another tenant's", () => {
      bringInto('recycling');
      expect(() => lend('globex')).toThrow("VM vm-1 is another tenant's; it needs a new isolate first");
      vm.finishRecycling();
      expect(() => lend('globex')).toThrow("VM vm-1 is another tenant's");
      expect(pooled).toMatchObject({ tenantId: 'acme', useCount: 1, state: 'idle' });
    });

    it('is not ended by work that somebody wants to begin', async () => {
      bringInto('leased');
      await expect(pooled.recycle('isolate', forever)).rejects.toThrow('cannot become recycling: it is leased');
      expect(pooled.state).toBe('leased');
    });

    it('may begin while the realm is made, and end before it is', () => {
      bringInto('recycling');
      lend();
      pooled.release();
      expect(pooled).toMatchObject({ state: 'recycling', isMakingItsRealm: true });
      vm.finishRecycling();
      expect(pooled.state).toBe('idle');
    });
  });

  describe('the news that the next realm is made', () => {
    it('makes it idle when it made its realm', () => {
      bringInto('recycling');
      vm.finishRecycling();
      expect(pooled).toMatchObject({ state: 'idle', tenantId: 'acme' });
    });

    it('ends it when it keeps too much memory, unless somebody has it by then', () => {
      bringInto('recycling');
      vm.keepsTooMuch = true;
      lend();
      vm.finishRecycling();
      expect(pooled.state).toBe('leased');
      vm.recycled = false;
      pooled.release();
      vm.finishRecycling();
      expect(pooled.state).toBe('retired');
    });

    it('changes nothing for one who has it by then', () => {
      bringInto('recycling');
      const lease = lend();
      vm.finishRecycling();
      expect(pooled.state).toBe('leased');
      expect(pooled.lease).toBe(lease);
    });

    it.each(['isolate', 'check'] as const)('does not end other work: %p', async (task) => {
      bringInto('idle');
      await beginWork(task);
      vm.finishRecycling();
      expect(pooled).toMatchObject({ state: 'recycling', isFree: false });
    });

    it('does not end the replacement of the isolate for which the realm was given up', async () => {
      bringInto('recycling');
      await beginWork('isolate');
      vm.finishRecycling();
      expect(pooled).toMatchObject({ state: 'recycling', isBeingFreed: true });
    });

    it.each(['idle', 'retired'] as const)('changes nothing when it is %s', (state) => {
      bringInto(state);
      vm.onRecycled?.();
      expect(pooled.state).toBe(state);
    });
  });

  describe('recycle', () => {
    beforeEach(() => {
      bringInto('leased');
      pooled.release();
    });

    it('makes it idle again when a check is done, and the same tenant’s as before', async () => {
      await pooled.recycle('check', async () => Promise.resolve());
      expect(pooled).toMatchObject({ state: 'idle', tenantId: 'acme', isShared: false });
    });

    it('makes it nobody’s when its isolate was replaced; its process has served somebody all the same', async () => {
      await pooled.recycle('isolate', async () => Promise.resolve());
      expect(pooled).toMatchObject({ state: 'idle', tenantId: undefined, isShared: true, useCount: 1 });
    });

    it('remembers for ever that its process has been shared', async () => {
      await pooled.recycle('isolate', async () => Promise.resolve());
      lend('globex');
      pooled.release();
      await pooled.recycle('check', async () => Promise.resolve());
      expect(pooled).toMatchObject({ tenantId: 'globex', isShared: true });
    });

    it.each(['isolate', 'check'] as const)(
      'is over for good: the next realm is made as ever after %p',
      async (task) => {
        await pooled.recycle(task, async () => Promise.resolve());
        lend();
        releaseUnrecycled();
        expect(pooled).toMatchObject({ state: 'recycling', isMakingItsRealm: true, isFree: true, isBeingFreed: false });
        vm.finishRecycling();
        expect(pooled.state).toBe('idle');
      },
    );

    it('is not done before the work is', async () => {
      const work = Promise.withResolvers<undefined>();
      const done = pooled.recycle('isolate', async () => work.promise);
      expect(pooled).toMatchObject({ state: 'recycling', tenantId: 'acme', isShared: false });
      work.resolve(undefined);
      await done;
      expect(pooled.state).toBe('idle');
    });

    it.each(['isolate', 'check'] as const)('ends it as unhealthy when the work fails: %p', async (task) => {
      await pooled.recycle(task, async () => Promise.reject(new Error('of the work')));
      expect(pooled).toMatchObject({ state: 'retired', tenantId: 'acme', isShared: false });
      await expect(vm.exited).resolves.toMatchObject({ reason: 'unhealthy' });
    });

    it('ends it as well when the work does not even begin', async () => {
      await pooled.recycle('check', () => {
        throw new Error('at once');
      });
      await expect(vm.exited).resolves.toMatchObject({ reason: 'unhealthy' });
    });

    it('does not bring back one that ended meanwhile, nor give it another reason', async () => {
      const work = Promise.withResolvers<undefined>();
      const done = pooled.recycle('isolate', async () => work.promise);
      pooled.retire('shutdown');
      work.reject(new Error('the VM is gone'));
      await done;
      expect(pooled.state).toBe('retired');
      await expect(vm.exited).resolves.toMatchObject({ reason: 'shutdown' });
    });

    it('does not bring back one that ended though the work succeeded', async () => {
      const work = Promise.withResolvers<undefined>();
      const done = pooled.recycle('isolate', async () => work.promise);
      vm.exit();
      work.resolve(undefined);
      await done;
      expect(pooled).toMatchObject({ state: 'retired', tenantId: 'acme' });
    });
  });

  describe('what it tells of itself', () => {
    it('is all that the pool tells of a VM', () => {
      bringInto('leased');
      const { createdAt, lastUsedAt } = pooled;
      expect(pooled.info()).toEqual({
        ...{ id: 'vm-1', pid: 1001, state: 'leased', tenantId: 'acme', createdAt, lastUsedAt },
        ...{ useCount: 1, healthy: true },
      });
      vm.exit();
      expect(pooled.info()).toMatchObject({ state: 'retired', healthy: false });
    });

    it('has times in whole milliseconds since the epoch, whatever happens to the clock', () => {
      const epochMs = performance.timeOrigin + performance.now();
      expect(pooled.createdAt).toBe(Math.round(epochMs));
      jest.setSystemTime(0);
      jest.advanceTimersByTime(1500);
      expect(pooled.ageMs).toBe(1500);
    });

    it('is as old as its start, not as its first use', () => {
      jest.advanceTimersByTime(70);
      bringInto('idle');
      jest.advanceTimersByTime(30);
      expect(pooled.ageMs).toBe(100);
    });
  });
});

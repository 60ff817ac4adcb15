import { Logger } from '@nestjs/common';
import { FakeVmFactory, type FakeVm } from '../../test-support/fake-vm-factory.ts';
import { SeededRandom } from '../../test-support/seeded-random.ts';
import { Deadline } from '../admission/deadline.ts';
import { compileOptions } from '../config/compile-options.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { VmLease } from './vm-lease.ts';
import { VmPoolService } from './vm-pool.service.ts';

const { jest } = import.meta;
const POOL_SIZE = 3;
const STEPS = 400;
/** What may happen next; what is written twice happens twice as often. */
const STEP_KINDS = [
  ...(['acquire', 'acquire', 'acquire', 'release', 'release', 'release', 'endSomeVm', 'letLingerersExit'] as const),
  ...(['answerStart', 'answerStart', 'answerReset', 'answerReset', 'abortSomebody'] as const),
  ...(['changeRecycled', 'changeHolding', 'passTime', 'checkSomeVm'] as const),
];

/** A pool, tenants that use it, and a world in which anything may end or fail at any moment. */
class Scenario {
  readonly factory = new FakeVmFactory();
  readonly pool = new VmPoolService(compileOptions({ poolSize: POOL_SIZE, maxVms: POOL_SIZE }), this.factory);
  readonly random: SeededRandom;
  readonly leases = new Set<VmLease>();
  readonly controllers = new Set<AbortController>();
  readonly endings: Record<string, number> = {};
  readonly faults: string[] = [];
  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  step(): void {
    const step = this.random.oneOf(STEP_KINDS);
    if (step) this[step]();
  }

  acquire(): void {
    const tenantId = `tenant ${this.random.below(4)}`;
    const controller = new AbortController();
    this.controllers.add(controller);
    const deadline = new Deadline(1 + this.random.below(3000));
    void this.pool
      .acquire({ tenantId, deadline, signal: controller.signal })
      .then(
        (lease) => {
          this.use(lease);
        },
        (error: unknown) => {
          const ending = error instanceof JsRuntimeError ? error.code : String(error);
          this.endings[ending] = (this.endings[ending] ?? 0) + 1;
        },
      )
      .finally(() => this.controllers.delete(controller));
  }

  /** What the tenants rely on. */
  use(lease: VmLease): void {
    this.endings.leased = (this.endings.leased ?? 0) + 1;
    const vm = this.fakeOf(lease);
    for (const other of this.leases) if (other.vm === vm) this.faults.push(`${vm.id} is lent twice`);
    vm.tenantsOfIsolate.add(lease.tenantId);
    if (vm.tenantsOfIsolate.size > 1) this.faults.push(`${vm.id} serves ${[...vm.tenantsOfIsolate].join(' and ')}`);
    this.leases.add(lease);
  }

  release(): void {
    const lease = this.random.oneOf([...this.leases]);
    if (!lease) return;
    this.leases.delete(lease);
    this.pool.release(lease);
  }

  endSomeVm(): void {
    const vm = this.random.oneOf(this.factory.living);
    if (!vm) return;
    vm.lingers = this.random.below(2) === 0;
    if (this.random.below(2) === 0) vm.kill('wall');
    else vm.exit();
  }

  letLingerersExit(): void {
    for (const vm of this.factory.vms) if (!vm.alive) vm.exit();
  }

  answerStart(): void {
    const start = this.random.oneOf(this.factory.heldStarts);
    if (this.random.below(4) === 0) start?.fail();
    else start?.succeed();
  }

  answerReset(): void {
    const reset = this.random.oneOf(this.factory.heldResets);
    if (this.random.below(4) === 0) reset?.fail(new Error('reset failed'));
    else reset?.succeed();
  }

  abortSomebody(): void {
    this.random.oneOf([...this.controllers])?.abort();
  }

  changeRecycled(): void {
    for (const vm of this.factory.living) vm.recycled = this.random.below(2) === 0;
  }

  changeHolding(): void {
    this.factory.holdsStarts = this.random.below(2) === 0;
    this.factory.holdsResets = this.random.below(2) === 0;
    this.factory.failingStarts = this.random.below(2);
  }

  checkSomeVm(): void {
    const vm = this.random.oneOf(this.factory.vms);
    if (!vm) return;
    vm.healthy = this.random.below(4) > 0;
    vm.lingers = this.random.below(2) === 0;
    this.pool.healthCheck(vm).catch((error: unknown) => this.faults.push(`a check rejects: ${String(error)}`));
  }

  passTime(): void {
    jest.advanceTimersByTime(this.random.below(1500));
  }

  letAllGo(): void {
    this.factory.holdsStarts = this.factory.holdsResets = false;
    for (const held of [...this.factory.heldStarts, ...this.factory.heldResets]) held.succeed();
    this.letLingerersExit();
    for (const vm of this.factory.living) vm.lingers = false;
    for (const lease of this.leases) this.pool.release(lease);
    this.leases.clear();
  }
}

describe('VmPoolService, whatever happens', () => {
  beforeEach(() => {
    jest.useFakeTimers();
    Logger.overrideLogger(false);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('lends rightly and counts rightly (seed %i)', async (seed) => {
    const scenario = new Scenario(seed);
    const { pool, factory, leases } = scenario;
    await pool.onModuleInit();

    for (let index = 0; index < STEPS; index++) {
      scenario.step();
      await jest.advanceTimersByTimeAsync(0);

      const stats = pool.stats();
      const vms = pool.vms();
      expect(scenario.faults).toEqual([]);
      expect(stats.starting).toBe(factory.heldStarts.length);
      expect(stats.created).toBe(factory.vms.length);
      expect(stats.created - stats.destroyed).toBe(stats.available + stats.inUse + stats.ending);
      expect(stats.available + stats.inUse + stats.ending).toBe(vms.length);
      expect(vms.length + stats.starting).toBeLessThanOrEqual(POOL_SIZE);
      const healthy = vms.filter((vm) => vm.healthy);
      expect(stats.ending).toBe(vms.length - healthy.length);
      expect(healthy.filter(({ state }) => state === 'leased')).toHaveLength(stats.inUse);
      const held = [...leases].filter(({ vm }) => healthy.some(({ id }) => id === vm.id));
      expect(stats.inUse).toBeGreaterThanOrEqual(held.length);
      // Nobody waits beside a VM that could serve them.
      expect(stats.waiting > 0 && vms.some(({ state, healthy }) => state === 'idle' && healthy)).toBe(false);
    }

    for (let round = 0; round < 5; round++) {
      scenario.letAllGo();
      await jest.advanceTimersByTimeAsync(5000);
    }
    expect(scenario.faults).toEqual([]);
    expect(pool.stats()).toMatchObject({ available: POOL_SIZE, inUse: 0, ending: 0, starting: 0, waiting: 0 });

    await pool.close();
    expect(factory.living).toEqual([]);
    expect(pool.stats()).toMatchObject({ available: 0, inUse: 0, ending: 0, starting: 0, waiting: 0 });
    expect(jest.getTimerCount()).toBe(0);
    // The walk has been everywhere.
    expect(Object.keys(scenario.endings)).toEqual(expect.arrayContaining(['leased', 'POOL_EXHAUSTED', 'CANCELLED']));
    expect(factory.vms.some(({ resets }) => resets > 0)).toBe(true);
    expect(pool.stats().errors).toBeGreaterThan(0);
  });

  it('counts rightly also between two steps: a VM that has started is not starting any more', async () => {
    const factory = new FakeVmFactory();
    const pool = new VmPoolService(compileOptions({ poolSize: POOL_SIZE, maxVms: POOL_SIZE }), factory);
    const seen = new Set<number>();
    const started = pool.onModuleInit();
    for (let turn = 0; turn < 30; turn++) {
      const { available, inUse, starting } = pool.stats();
      seen.add(available + inUse + starting);
      await Promise.resolve();
    }
    await started;
    expect([...seen]).toEqual([POOL_SIZE]);
    await pool.close();
  });
});

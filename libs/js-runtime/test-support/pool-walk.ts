import type { JsRuntimeOptions } from '../src/config/options.schema.ts';
import { compileOptions } from '../src/config/compile-options.ts';
import { TenantPolicies } from '../src/config/tenant-policy.ts';
import { LoadMonitor } from '../src/load/load-monitor.ts';
import { FakeLoadMeters } from './fake-load-meters.ts';
import { Deadline } from '../src/admission/deadline.ts';
import { JsRuntimeError } from '../src/errors/js-runtime-error.ts';
import type { VmLease } from '../src/pool/vm-lease.ts';
import { VmPoolService } from '../src/pool/vm-pool.service.ts';
import { FakeVmFactory, type FakeVm } from './fake-vm-factory.ts';

const { jest } = import.meta;

export const TENANTS = ['a', 'b', 'c', 'careful'] as const;
type TenantId = (typeof TENANTS)[number];

/** What may happen next. `pick` chooses among whatever there is to choose from. */
export interface Step {
  readonly kind: (typeof STEP_KINDS)[number];
  readonly pick: number;
}

export const STEP_KINDS = [
  'acquire',
  'release',
  'endSomeVm',
  'letDyingExit',
  'answerStart',
  'answerReset',
  'answerCheck',
  'abortSomebody',
  'finishRecycling',
  'holdStarts',
  'failStarts',
  'holdResets',
  'passTime',
  'checkSomeVm',
  'burn',
  'changeLoad',
] as const;

/** At which the load is normal, elevated and critical. */
const MEMORY_PERCENTS = [10, 85, 95];

/** A pool, tenants that use it, and a world in which anything may end or fail at any moment. Collects what is wrong. */
export class PoolWalk {
  readonly factory = new FakeVmFactory();
  readonly pool: VmPoolService;
  readonly faults: string[] = [];
  readonly endings = new Set<string>();
  readonly #options: ReturnType<typeof compileOptions>;
  readonly #meters = new FakeLoadMeters();
  readonly #load: LoadMonitor;
  readonly #leases = new Set<VmLease>();
  readonly #waiting = new Map<AbortController, TenantId>();

  constructor(options: JsRuntimeOptions) {
    this.#options = compileOptions({ ...options, tenants: { careful: { tenantBoundary: 'process' } } });
    this.#load = new LoadMonitor(this.#options, this.#meters);
    this.pool = new VmPoolService(this.#options, this.factory, new TenantPolicies(this.#options), this.#load);
  }

  /** Takes a step, lets its consequences happen, and looks whether everything is as it should be. */
  async take({ kind, pick }: Step): Promise<void> {
    this[kind](pick);
    await jest.advanceTimersByTimeAsync(0);
    this.#checkSums();
    this.#checkTenants();
    this.#checkNobodyIsForgotten();
  }

  /** Lets all go well again, and long enough. */
  async recover(): Promise<void> {
    this.factory.holdsStarts = this.factory.holdsResets = false;
    this.factory.failingStarts = 0;
    this.#meters.memoryPercent = 0;
    for (let round = 0; round < 8; round++) {
      for (const held of [...this.factory.heldStarts, ...this.factory.heldResets]) held.succeed();
      this.letDyingExit();
      for (const vm of this.factory.living) Object.assign(vm, { lingers: false, holdsChecks: false, isStuck: false });
      for (const vm of this.factory.living) vm.answerCheck();
      for (const vm of this.factory.living) vm.finishRecycling();
      while (this.#leases.size > 0) this.release(0);
      await jest.advanceTimersByTimeAsync(10_000);
      this.#load.look();
    }
  }

  get stillWaiting(): number {
    return this.#waiting.size;
  }

  acquire(pick: number): void {
    const tenantId = TENANTS[pick % TENANTS.length] ?? 'a';
    const controller = new AbortController();
    this.#waiting.set(controller, tenantId);
    const deadline = new Deadline(1 + (pick % 3000));
    void this.pool
      .acquire({ tenantId, deadline, signal: controller.signal })
      .then(
        (lease) => {
          this.#use(lease);
        },
        (error: unknown) => {
          if (!(error instanceof JsRuntimeError)) this.faults.push(`acquire rejects: ${String(error)}`);
          else this.endings.add(error.code);
        },
      )
      .finally(() => this.#waiting.delete(controller));
  }

  release(pick: number): void {
    const lease = this.#oneOf([...this.#leases], pick);
    if (!lease) return;
    this.#leases.delete(lease);
    const wasAlive = lease.vm.alive;
    this.#fakeOf(lease).recycled = pick % 2 === 0;
    try {
      this.pool.release(lease);
      if (!wasAlive) this.faults.push('releases a dead VM and says nothing');
    } catch (error) {
      if (wasAlive) this.faults.push(`release throws: ${String(error)}`);
    }
  }

  endSomeVm(pick: number): void {
    const vm = this.#oneOf(this.factory.living, pick >> 2);
    if (!vm) return;
    vm.lingers = pick % 2 === 0;
    if ((pick & 2) === 0) vm.kill('wall');
    else vm.exit();
  }

  letDyingExit(): void {
    for (const vm of this.factory.vms) if (!vm.alive) vm.exit();
  }

  answerStart(pick: number): void {
    const start = this.#oneOf(this.factory.heldStarts, pick >> 2);
    if (pick % 4 === 0) start?.fail();
    else start?.succeed();
  }

  answerReset(pick: number): void {
    const reset = this.#oneOf(this.factory.heldResets, pick >> 2);
    if (pick % 4 === 0) reset?.fail(new Error('reset failed'));
    else reset?.succeed();
  }

  answerCheck(pick: number): void {
    for (const vm of this.factory.living) {
      vm.healthy = pick % 4 > 0;
      vm.holdsChecks = pick % 3 === 0;
      vm.answerCheck();
    }
  }

  abortSomebody(pick: number): void {
    this.#oneOf([...this.#waiting.keys()], pick)?.abort();
  }

  finishRecycling(pick: number): void {
    const vm = this.#oneOf(this.factory.living, pick);
    vm?.finishRecycling();
    if (vm) vm.isStuck = pick % 5 === 0;
  }

  holdStarts(pick: number): void {
    this.factory.holdsStarts = pick % 2 === 0;
  }

  failStarts(pick: number): void {
    this.factory.failingStarts = pick % 7;
  }

  holdResets(pick: number): void {
    this.factory.holdsResets = pick % 2 === 0;
  }

  passTime(pick: number): void {
    jest.advanceTimersByTime(pick % 1500);
  }

  checkSomeVm(pick: number): void {
    const vm = this.#oneOf(this.factory.vms, pick);
    if (!vm) return;
    this.pool.healthCheck(vm).catch((error: unknown) => this.faults.push(`a check rejects: ${String(error)}`));
  }

  burn(pick: number): void {
    // The pool looks every 20 ms.
    jest.advanceTimersByTime(20);
    for (const vm of this.factory.living) {
      vm.ranMs += pick % 2000;
      vm.refusesToRestore = pick % 5 === 0;
    }
    jest.advanceTimersByTime(20);
  }

  changeLoad(pick: number): void {
    this.#meters.memoryPercent = MEMORY_PERCENTS[pick % MEMORY_PERCENTS.length] ?? 0;
    jest.advanceTimersByTime(this.#options.loadIntervalMs);
    this.#load.look();
  }

  /** What the tenants rely on. */
  #use(lease: VmLease): void {
    this.endings.add('leased');
    const vm = this.#fakeOf(lease);
    for (const other of this.#leases) {
      if (other.vm.id === vm.id) this.faults.push(`${vm.id} is lent twice`);
    }
    vm.tenantsOfIsolate.add(lease.tenantId);
    vm.tenantsOfProcess.add(lease.tenantId);
    if (vm.tenantsOfIsolate.size > 1) this.faults.push(`${vm.id} serves ${[...vm.tenantsOfIsolate].join(' and ')}`);
    if (vm.tenantsOfProcess.has('careful') && vm.tenantsOfProcess.size > 1) {
      this.faults.push(`the process of ${vm.id} serves ${[...vm.tenantsOfProcess].join(' and ')}`);
    }
    this.#leases.add(lease);
  }

  /** What PoolStats promises. */
  #checkSums(): void {
    const stats = this.pool.stats();
    const { created, destroyed, available, recycling, inUse, ending, starting, waiting, waits } = stats;
    const there = available + recycling + inUse + ending;
    this.#same('VMs there', created - destroyed, there);
    this.#same('VMs made', created, this.factory.vms.length);
    this.#same('VMs listed', this.pool.vms().length, there);
    this.#same('destroyed', destroyed, sum(Object.values(stats.destroyedBy)));
    this.#same('requested', stats.requested - waiting, waits.count + sum(Object.values(stats.refused)));
    this.#same('waits', waits.count, sum(waits.counts));
    this.#same('leases', waits.count - stats.released, this.#leases.size);
    this.#same('waiting', waiting, this.#waiting.size);
    this.#same('starts', starting, this.factory.heldStarts.length);
    if (there + starting > this.#options.maxVms) this.faults.push(`${there + starting} VMs`);
    // Those who wait for a VM and those who wait for their tenant are bounded apart, and become one or the other by and by.
    const most = 2 * this.#options.queueSize + TENANTS.length * this.#options.tenantConcurrency;
    if (waiting > most) this.faults.push(`${waiting} wait`);
  }

  #checkTenants(): void {
    for (const tenantId of TENANTS) {
      const held = this.#heldBy(tenantId);
      if (held > this.#options.tenantConcurrency) this.faults.push(`${tenantId} has ${held} leases`);
    }
  }

  #checkNobodyIsForgotten(): void {
    const idle = this.pool.vms().filter(({ state }) => state === 'idle');
    const { available, inUse, recycling, starting, ending } = this.pool.stats();
    for (const tenantId of new Set(this.#waiting.values())) {
      if (this.#heldBy(tenantId) >= this.#options.tenantConcurrency) continue;
      if (idle.some((vm) => vm.tenantId === tenantId)) this.faults.push(`${tenantId} waits beside a VM of its own`);
      // Another's VM can be made ready. While that is done for one, or one starts or is to take the place of one that ends, the
      // next may have to wait for it; and where starts have failed or VMs died at once, for the next attempt.
      const isComing = recycling + starting + ending > 0 || available + inUse < this.#options.poolSize;
      if (idle.length > 0 && !isComing) this.faults.push(`${tenantId} waits beside an idle VM`);
    }
  }

  #heldBy(tenantId: TenantId): number {
    return [...this.#leases].filter((lease) => lease.tenantId === tenantId).length;
  }

  #fakeOf({ vm }: VmLease): FakeVm {
    const fake = this.factory.vms.find(({ id }) => id === vm.id);
    if (!fake) throw new Error(`${vm.id} is not of the fake factory`);
    return fake;
  }

  #same(what: string, one: number, other: number): void {
    if (one !== other) this.faults.push(`${what}: ${one} and ${other}`);
  }

  #oneOf<T>(items: readonly T[], pick: number): T | undefined {
    return items[pick % items.length];
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

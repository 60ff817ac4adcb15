import { Logger } from '@nestjs/common';
import { Deadline } from '../src/admission/deadline.ts';
import { compileOptions } from '../src/config/compile-options.ts';
import { TenantPolicies } from '../src/config/tenant-policy.ts';
import { LoadMonitor } from '../src/load/load-monitor.ts';
import type { JsRuntimeOptions } from '../src/config/options.schema.ts';
import type { VmLease } from '../src/pool/vm-lease.ts';
import { VmPoolService, type AcquireOptions } from '../src/pool/vm-pool.service.ts';
import { FakeLoadMeters } from './fake-load-meters.ts';
import { FakeVmFactory, type FakeVm } from './fake-vm-factory.ts';

const { jest } = import.meta;

export interface PoolUnderTest {
  factory: FakeVmFactory;
  pool: VmPoolService;
  load: LoadMonitor;
  /** What `load` measures with; it looks when a test has it look. */
  meters: FakeLoadMeters;
  /** Makes the pool, which starts nothing yet, and never has more than `poolSize` VMs unless it is told to. */
  readonly make: (poolSize: number, options?: JsRuntimeOptions) => void;
  /** Makes the pool and waits until it has started what it can. */
  readonly open: (poolSize: number, options?: JsRuntimeOptions) => Promise<void>;
  readonly acquire: (tenantId: string, options?: Partial<AcquireOptions>) => Promise<VmLease>;
  /** The fake behind a lease. */
  readonly fakeOf: (lease: VmLease) => FakeVm;
  /** Leases a VM and gives it back, as one execution does. */
  readonly visit: (tenantId: string) => Promise<FakeVm>;
  /** Lets everything that is settled be heard of. */
  readonly settle: () => Promise<void>;
}

function poolOf(
  raw: JsRuntimeOptions,
  factory: FakeVmFactory,
  meters: FakeLoadMeters,
): { pool: VmPoolService; load: LoadMonitor } {
  const options = compileOptions(raw);
  const load = new LoadMonitor(options, meters);
  return { load, pool: new VmPoolService(options, factory, new TenantPolicies(options), load) };
}

/** For each test of the `describe` around: a clock that stands still, a fake factory, and in the end a closed pool. */
export function usePool(): PoolUnderTest {
  const under: PoolUnderTest = {
    factory: new FakeVmFactory(),
    meters: new FakeLoadMeters(),
    ...poolOf({}, new FakeVmFactory(), new FakeLoadMeters()),
    make: (poolSize, options) => {
      const raw = { poolSize, maxVms: poolSize, drainTimeoutMs: 1000, ...options };
      Object.assign(under, poolOf(raw, under.factory, under.meters));
    },
    open: async (poolSize, options) => {
      under.make(poolSize, options);
      await under.pool.onModuleInit();
      await under.settle();
    },
    acquire: async (tenantId, options) => under.pool.acquire({ tenantId, deadline: new Deadline(1000), ...options }),
    visit: async (tenantId) => {
      const lease = await under.acquire(tenantId);
      jest.advanceTimersByTime(1);
      under.pool.release(lease);
      return under.fakeOf(lease);
    },
    fakeOf: ({ vm }) => {
      const fake = under.factory.vms.find(({ id }) => id === vm.id);
      if (!fake) throw new Error(`${vm.id} is not of the fake factory`);
      return fake;
    },
    settle: async () => {
      await jest.advanceTimersByTimeAsync(0);
    },
  };

  beforeEach(() => {
    jest.useFakeTimers();
    Logger.overrideLogger(false);
    under.factory = new FakeVmFactory();
    under.meters = new FakeLoadMeters();
  });

  afterEach(async () => {
    const { factory, pool } = under;
    factory.holdsStarts = factory.holdsResets = false;
    for (const held of [...factory.heldStarts, ...factory.heldResets]) held.succeed();
    for (const vm of factory.vms) vm.exit();
    const closed = pool.close();
    await jest.advanceTimersByTimeAsync(1000);
    await closed;
    jest.useRealTimers();
  });

  return under;
}

/** What a promise rejects with. */
export async function endOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'it did not reject',
    (error: unknown) => error,
  );
}

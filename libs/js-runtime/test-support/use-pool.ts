import { Logger } from '@nestjs/common';
import { Deadline } from '../src/admission/deadline.ts';
import { compileOptions } from '../src/config/compile-options.ts';
import type { VmLease } from '../src/pool/vm-lease.ts';
import { VmPoolService, type AcquireOptions } from '../src/pool/vm-pool.service.ts';
import { FakeVmFactory, type FakeVm } from './fake-vm-factory.ts';

const { jest } = import.meta;

export interface PoolUnderTest {
  factory: FakeVmFactory;
  pool: VmPoolService;
  /** Makes the pool, which starts nothing yet. */
  readonly make: (poolSize: number) => void;
  /** Makes the pool and waits until it has started what it can. */
  readonly open: (poolSize: number) => Promise<void>;
  readonly acquire: (tenantId: string, options?: Partial<AcquireOptions>) => Promise<VmLease>;
  /** Leases a VM and gives it back, as one execution does. */
  readonly visit: (tenantId: string) => Promise<FakeVm>;
  /** Lets everything that is settled be heard of. */
  readonly settle: () => Promise<void>;
}

/** For each test of the `describe` around: a clock that stands still, a fake factory, and in the end a closed pool. */
export function usePool(): PoolUnderTest {
  const under: PoolUnderTest = {
    factory: new FakeVmFactory(),
    pool: new VmPoolService(compileOptions({}), new FakeVmFactory()),
    make: (poolSize) => {
      under.pool = new VmPoolService(compileOptions({ poolSize }), under.factory);
    },
    open: async (poolSize) => {
      under.make(poolSize);
      await under.pool.onModuleInit();
      await under.settle();
    },
    acquire: async (tenantId, options) => under.pool.acquire({ tenantId, deadline: new Deadline(1000), ...options }),
    visit: async (tenantId) => {
      const lease = await under.acquire(tenantId);
      jest.advanceTimersByTime(1);
      under.pool.release(lease);
      return fakeOf(lease);
    },
    settle: async () => {
      await jest.advanceTimersByTimeAsync(0);
    },
  };

  beforeEach(() => {
    jest.useFakeTimers();
    Logger.overrideLogger(false);
    under.factory = new FakeVmFactory();
  });

  afterEach(async () => {
    const { factory, pool } = under;
    factory.holdsStarts = factory.holdsResets = false;
    for (const held of [...factory.heldStarts, ...factory.heldResets]) held.succeed();
    for (const vm of factory.vms) vm.exit();
    await pool.close();
    jest.useRealTimers();
  });

  return under;
}

export function fakeOf({ vm }: VmLease): FakeVm {
  return vm as FakeVm;
}

/** What a promise rejects with. */
export async function endOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'it did not reject',
    (error: unknown) => error,
  );
}

import { readdirSync, readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import fc from 'fast-check';
import { startRuntime, until, type TestRuntime } from '../../test-support/start-runtime.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import { ProcessVmFactory } from './process-vm-factory.ts';
import type { PoolVm } from './vm-factory.ts';

const POOL_SIZE = 3;
const EXECUTIONS = 2000;
const AT_ONCE = 24;
const TENANTS = Array.from({ length: 12 }, (_, index) => `tenant ${index}`);
/** The same every time, so that a failure can be looked at. */
const SEED = 20_261_122;

/** Refusals that any execution may meet when all tenants come at once. */
const REFUSALS = ['TENANT_BUSY', 'POOL_EXHAUSTED'];

interface Kind {
  readonly weight: number;
  readonly script: string;
  readonly timeoutMs?: number;
  /** What it may end in; every kind may end in a refusal, or in VM_CRASHED when its VM is killed. */
  readonly ends: readonly string[];
}

const KINDS: Readonly<Record<string, Kind>> = {
  trivial: { weight: 40, script: 'context.tenant.id', ends: ['ok'] },
  asynchronous: { weight: 10, script: 'new Promise((done) => setTimeout(done, 2, context.tenant.id))', ends: ['ok'] },
  throwing: { weight: 10, script: 'throw new Error("no")', ends: ['SCRIPT_ERROR'] },
  hanging: { weight: 2, script: 'new Promise(() => {})', timeoutMs: 300, ends: ['WALL_TIME_LIMIT_EXCEEDED'] },
  looping: { weight: 2, script: 'for (;;) {}', timeoutMs: 300, ends: ['WALL_TIME_LIMIT_EXCEEDED'] },
  greedy: { weight: 1, script: 'for (const all = [];;) all.push([...all, 1])', ends: ['MEMORY_LIMIT_EXCEEDED'] },
  cancelled: { weight: 10, script: 'new Promise((done) => setTimeout(done, 5))', ends: ['ok', 'CANCELLED'] },
};

/** Some VMs take long to start, some do not start at all. */
@Injectable()
class SlowVmFactory extends ProcessVmFactory {
  #starts = 0;

  override async create(signal: AbortSignal): Promise<PoolVm> {
    const start = ++this.#starts;
    if (start % 17 === 0) throw new Error('this one does not start');
    if (start % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 300));
    return super.create(signal);
  }
}

describe('VmPoolService under stress', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    const options = {
      poolSize: POOL_SIZE,
      maxVms: POOL_SIZE + 2,
      tenantConcurrency: 3,
      maxMemoryMb: 16,
      vmMaxUses: 100,
    };
    runtime = await startRuntime(options, { vmFactory: SlowVmFactory });
  });

  afterAll(async () => {
    await runtime.close();
  });

  it('loses no caller, leaks no VM, and is as before afterwards, whatever its VMs go through', async () => {
    const before = { descriptors: descriptors(), processes: vmProcesses() };
    const faults: string[] = [];
    const ends = new Set<string>();
    let left = EXECUTIONS;
    let kills = 0;
    let crashes = 0;

    const client = async (random: Random): Promise<void> => {
      while (left-- > 0) {
        const tenant = random.oneOf(TENANTS);
        const name = random.oneOf(
          Object.entries(KINDS).flatMap(([key, { weight }]) => Array<string>(weight).fill(key)),
        );
        const kind = KINDS[name] as Kind;
        const end = await endOf(tenant, kind, name === 'cancelled' ? random.below(8) : undefined);
        ends.add(end);
        if (end === 'VM_CRASHED') crashes++;
        else if (![...kind.ends, ...REFUSALS].includes(end)) faults.push(`${name} ended in ${end}`);
        // Any moment of its life is a good one to be killed in.
        if (random.below(50) === 0 && kill(random)) kills++;
        for (const fault of wrongSums()) faults.push(fault);
      }
    };
    const endOf = async (
      tenant: string,
      { script, timeoutMs = 20_000 }: Kind,
      cancelAfterMs?: number,
    ): Promise<string> => {
      const signal = cancelAfterMs === undefined ? undefined : AbortSignal.timeout(cancelAfterMs);
      try {
        const { value } = await runtime.runAs(tenant, script, { limits: { timeoutMs }, signal });
        return value === undefined || value === tenant ? 'ok' : `another value: ${JSON.stringify(value)}`;
      } catch (error) {
        return error instanceof JsRuntimeError ? error.code : String(error);
      }
    };
    const kill = (random: Random): boolean => {
      const living = runtime.pool.vms().filter(({ healthy }) => healthy);
      return living.length > 0 && process.kill(random.oneOf(living).pid, 'SIGKILL');
    };
    const wrongSums = (): string[] => {
      const { created, destroyed, available, recycling, inUse, ending, starting, ...rest } = runtime.pool.stats();
      const there = available + recycling + inUse + ending;
      const faultsNow: string[] = [];
      if (created - destroyed !== there) faultsNow.push(`${created} - ${destroyed} VMs, and ${there} are there`);
      if (there + starting > POOL_SIZE + 2) faultsNow.push(`${there + starting} VMs`);
      if (rest.requested - rest.waiting !== rest.waits.count + sum(Object.values(rest.refused)))
        faultsNow.push('requests');
      return faultsNow;
    };

    await Promise.all(Array.from({ length: AT_ONCE }, async (_, index) => client(new Random(SEED + index))));
    expect(faults).toEqual([]);
    expect(crashes).toBeLessThanOrEqual(kills);
    expect([...ends]).toEqual(
      expect.arrayContaining(['ok', 'SCRIPT_ERROR', 'WALL_TIME_LIMIT_EXCEEDED', 'MEMORY_LIMIT_EXCEEDED', 'CANCELLED']),
    );

    await until(() => {
      const { available, recycling, inUse, ending, starting } = runtime.pool.stats();
      return available === POOL_SIZE && recycling + inUse + ending + starting === 0;
    });
    const { waiting, requested, released, waits, refused } = runtime.pool.stats();
    expect({ waiting, held: waits.count - released }).toEqual({ waiting: 0, held: 0 });
    expect(requested).toBe(waits.count + sum(Object.values(refused)));
    expect(vmProcesses()).toBe(before.processes);
    await until(() => descriptors() === before.descriptors);
  }, 400_000);
});

/** A source of random numbers for each client, so that they do not depend on each other's timing. */
class Random {
  readonly #numbers: Iterator<number>;

  constructor(seed: number) {
    this.#numbers = fc.sample(fc.nat(), { seed, numRuns: 20_000 }).values();
  }

  below(bound: number): number {
    return (this.#numbers.next().value as number) % bound;
  }

  oneOf<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** Children of this process. */
function vmProcesses(): number {
  return readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ').length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

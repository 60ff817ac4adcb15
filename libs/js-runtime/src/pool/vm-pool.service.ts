import { setMaxListeners } from 'node:events';
import { Inject, Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Deadline } from '../admission/deadline.ts';
import type { CompiledOptions } from '../config/options.schema.ts';
import { COMPILED_OPTIONS } from '../config/options.token.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import { VmGoneError } from '../process/vm-gone.error.ts';
import type { PoolStats } from './pool-stats.ts';
import { VM_FACTORY, type Vm, type VmExit, type VmFactory } from './vm-factory.ts';
import type { VmInfo } from './vm-info.ts';
import type { VmLease } from './vm-lease.ts';
import { WaitingLine } from './waiting-line.ts';

export interface AcquireOptions {
  readonly tenantId: string;
  readonly deadline: Deadline;
  readonly signal?: AbortSignal | undefined;
}

/** A VM in the pool, with what the pool knows of it. */
interface Member {
  readonly vm: Vm;
  readonly createdAt: number;
  tenantId: string | undefined;
  lastUsedAt: number;
  useCount: number;
  lease: VmLease | undefined;
}

/** How long to wait before a start that failed is tried again. */
const RESTART_DELAY_MS = 1000;

/** Keeps `poolSize` VMs ready and lends them, one execution at a time. A VM that ends is replaced. */
@Injectable()
export class VmPoolService implements OnModuleInit, BeforeApplicationShutdown {
  readonly #logger = new Logger(VmPoolService.name);
  readonly #members = new Map<Vm, Member>();
  readonly #line = new WaitingLine<VmLease>();
  readonly #starts = new Set<Promise<unknown>>();
  readonly #restartTimers = new Set<NodeJS.Timeout>();
  readonly #closing = new AbortController();
  #starting = 0;
  #created = 0;
  #destroyed = 0;
  #errors = 0;

  constructor(
    @Inject(COMPILED_OPTIONS) private readonly options: CompiledOptions,
    @Inject(VM_FACTORY) private readonly factory: VmFactory,
  ) {
    // Every VM that is being started listens.
    setMaxListeners(0, this.#closing.signal);
  }

  /** Starts all VMs and waits for the first: an application that cannot run scripts at all should not start. */
  async onModuleInit(): Promise<void> {
    const starts = Array.from({ length: this.options.poolSize }, async () => {
      const problem = await this.#start();
      if (problem) throw problem;
    });
    try {
      await Promise.any(starts);
    } catch (error) {
      await this.close();
      const [first] = (error as AggregateError).errors as [Error];
      throw new Error(`No VM process could be started: ${first.message}`, { cause: error });
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.close();
  }

  /** Leases a VM for the time of `use`. @throws what `acquire` and `use` throw */
  async withVm<T>(use: (lease: VmLease) => Promise<T>, options: AcquireOptions): Promise<T> {
    const lease = await this.acquire(options);
    try {
      return await use(lease);
    } finally {
      this.release(lease);
    }
  }

  /**
   * Leases a VM: the tenant's own idle one that is recycled, else one that has served nobody, else an own one that still
   * recycles, else the least recently used of another tenant with its isolate replaced, else the next to come free. Every
   * lease must be released.
   *
   * @throws JsRuntimeError POOL_EXHAUSTED at the deadline, CANCELLED by the signal, SHUTTING_DOWN
   */
  async acquire(options: AcquireOptions): Promise<VmLease> {
    for (;;) {
      if (this.#closed) throw shuttingDown();
      if (options.signal?.aborted) throw new JsRuntimeError('CANCELLED', 'Cancelled before it began');
      const { tenantId, deadline, signal } = options;
      const idle = this.#pickIdle(tenantId);
      const lease = idle ? lend(idle, tenantId) : await this.#line.wait(tenantId, deadline, signal);
      if (await this.#bind(lease, deadline)) return lease;
    }
  }

  /** Gives a VM back. A VM that has ended is not offered again. @throws Error when it is not leased by this lease */
  release(lease: VmLease): void {
    const member = this.#members.get(lease.vm);
    if (!member) {
      if (lease.vm.alive) throw new Error(`VM ${lease.vm.id} is not of this pool`);
      return;
    }
    if (member.lease !== lease) throw new Error(`The lease of VM ${lease.vm.id} was released already`);
    member.lastUsedAt = performance.timeOrigin + performance.now();
    member.lease = undefined;
    this.#offer(member);
  }

  /**
   * Whether a VM is fit for work. An idle one is leased for the time of the check, and killed and replaced when it does
   * not answer within `healthTimeoutMs`; one at work is watched by its execution's deadline and counts as fit.
   */
  async healthCheck(vm: Vm): Promise<boolean> {
    const member = this.#members.get(vm);
    if (!member) return false;
    if (member.lease) return vm.alive;
    const lease = lend(member, member.tenantId ?? '');
    try {
      await vm.check(this.options.healthTimeoutMs);
    } catch (error) {
      if (!(error instanceof VmGoneError)) throw error;
    } finally {
      this.release(lease);
    }
    return vm.alive;
  }

  stats(): PoolStats {
    let available = 0;
    let inUse = 0;
    let ending = 0;
    for (const { vm, lease } of this.#members.values()) {
      if (!vm.alive) ending++;
      else if (lease) inUse++;
      else available++;
    }
    return {
      available,
      inUse,
      ending,
      starting: this.#starting,
      waiting: this.#line.length,
      created: this.#created,
      destroyed: this.#destroyed,
      errors: this.#errors,
    };
  }

  vms(): VmInfo[] {
    return [...this.#members.values()].map(({ vm, tenantId, createdAt, lastUsedAt, useCount, lease }) => ({
      id: vm.id,
      pid: vm.pid,
      state: lease ? 'leased' : 'idle',
      tenantId,
      createdAt,
      lastUsedAt,
      useCount,
      healthy: vm.alive,
    }));
  }

  /** Ends the pool: whoever waits or runs gets SHUTTING_DOWN. Resolves when every process is gone. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const timer of this.#restartTimers) clearTimeout(timer);
    this.#line.rejectAll(shuttingDown);
    // Starts end by themselves now; one that was too far to stop still adds its VM, so they come first.
    await Promise.all(this.#starts);
    await Promise.all([...this.#members.keys()].map((vm) => this.factory.destroy(vm, 'shutdown')));
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  #pickIdle(tenantId: string): Member | undefined {
    let best: Member | undefined;
    for (const member of this.#members.values()) {
      if (member.lease || !member.vm.alive) continue;
      if (!best || isBetter(member, best, tenantId)) best = member;
    }
    return best;
  }

  /** Makes the VM the tenant's. False when it ended on the way; then it is out of the pool. */
  async #bind({ vm, tenantId }: VmLease, deadline: Deadline): Promise<boolean> {
    const member = this.#members.get(vm);
    if (!member) return false;
    const formerTenantId = member.tenantId;
    member.tenantId = tenantId;
    member.useCount++;
    try {
      if (formerTenantId !== undefined && formerTenantId !== tenantId) {
        const timeoutMs = Math.min(this.options.vmCreateTimeoutMs, deadline.remainingMs);
        await this.factory.reset(vm, tenantId, timeoutMs);
      }
    } catch (error) {
      vm.kill('unhealthy');
      if (!(error instanceof VmGoneError)) throw error;
    }
    return vm.alive;
  }

  #offer(member: Member): void {
    if (member.vm.alive && !this.#closed) this.#line.serveFirst((tenantId) => lend(member, tenantId));
  }

  /** Starts one VM and adds it. Resolves to what went wrong, if anything did; never rejects. */
  async #start(): Promise<Error | undefined> {
    const start = this.#startOne();
    this.#starts.add(start);
    void start.then(() => this.#starts.delete(start));
    return start;
  }

  async #startOne(): Promise<Error | undefined> {
    this.#starting++;
    try {
      this.#add(await this.factory.create(this.#closing.signal));
      return undefined;
    } catch (error) {
      this.#starting--;
      const problem = error instanceof Error ? error : new Error(String(error));
      if (this.#closed) return problem;
      this.#errors++;
      this.#logger.error(`A VM could not be started: ${problem.message}`);
      this.#restartLater();
      return problem;
    }
  }

  #add(vm: Vm): void {
    this.#starting--;
    const now = performance.timeOrigin + performance.now();
    const member: Member = { vm, createdAt: now, tenantId: undefined, lastUsedAt: now, useCount: 0, lease: undefined };
    this.#members.set(vm, member);
    this.#created++;
    void vm.exited.then((exit) => {
      this.#remove(vm, exit);
    });
    this.#offer(member);
  }

  #remove(vm: Vm, exit: VmExit): void {
    this.#members.delete(vm);
    this.#destroyed++;
    const how = `reason ${exit.reason}, exit code ${exit.code ?? '-'}, signal ${exit.signal ?? '-'}`;
    if (exit.reason === 'crashed' || exit.reason === 'protocol') this.#logger.warn(`VM ${vm.id} ended: ${how}`);
    else this.#logger.debug(`VM ${vm.id} ended: ${how}`);
    if (!this.#closed) void this.#start();
  }

  #restartLater(): void {
    if (this.#closed) return;
    const timer = setTimeout(() => {
      this.#restartTimers.delete(timer);
      void this.#start();
    }, RESTART_DELAY_MS);
    this.#restartTimers.add(timer);
  }
}

/** Lower is better. An own VM that still makes its next realm comes after one that could start at once. */
function rankFor({ vm, tenantId: owner }: Member, tenantId: string): number {
  if (owner === tenantId) return vm.recycled ? 0 : 2;
  return owner === undefined ? 1 : 3;
}

/** Of VMs that are ready for the tenant, the one used last has the warmest caches; of others, it has the most to lose. */
function isBetter(one: Member, other: Member, tenantId: string): boolean {
  const rank = rankFor(one, tenantId);
  const otherRank = rankFor(other, tenantId);
  if (rank !== otherRank) return rank < otherRank;
  return rank === 0 ? one.lastUsedAt > other.lastUsedAt : one.lastUsedAt < other.lastUsedAt;
}

function lend(member: Member, tenantId: string): VmLease {
  const lease: VmLease = { vm: member.vm, tenantId };
  member.lease = lease;
  return lease;
}

function shuttingDown(): JsRuntimeError {
  return new JsRuntimeError('SHUTTING_DOWN', 'The runtime is shutting down');
}

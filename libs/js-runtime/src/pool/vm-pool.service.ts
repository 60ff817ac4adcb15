import { availableParallelism } from 'node:os';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { AdmissionQueue } from '../admission/admission-queue.ts';
import type { CancelSignal } from '../admission/cancellation.ts';
import type { Deadline } from '../admission/deadline.ts';
import type { TenantLine, WantedScript } from '../admission/tenant-line.ts';
import type { CompiledOptions } from '../config/options.schema.ts';
import { COMPILED_OPTIONS } from '../config/options.token.ts';
import { TenantPolicies, type TenantPolicy } from '../config/tenant-policy.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import { LoadMonitor } from '../load/load-monitor.ts';
import { Balancer, type AfterWait, type Lend } from './balancer.ts';
import { chooseReady } from './choose-vm.ts';
import { Debts } from './debts.ts';
import { Demand, NO_DEMAND } from './demand.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import { Fleet, isAtWork, isStarting, isThere } from './fleet.ts';
import { PoolLedger } from './pool-ledger.ts';
import { PoolSize } from './pool-size.ts';
import type { PoolStats } from './pool-stats.ts';
import type { PooledVm } from './pooled-vm.ts';
import type { LinkedModules } from '../process/linked-modules.ts';
import type { RetireReason } from '../process/retire-reason.ts';
import { WarmCounts, type WarmStats } from '../process/warm-counts.ts';
import { RecentWaits } from './recent-waits.ts';
import { ScriptsAhead, type FindMissing, type ForgetScripts } from './scripts-ahead.ts';
import { VM_FACTORY, type VmFactory } from './vm-factory.ts';
import type { VmInfo } from './vm-info.ts';
import { VmLease } from './vm-lease.ts';
import { VmStarter } from './vm-starter.ts';
import { VmWatch } from './vm-watch.ts';

export interface AcquireOptions {
  readonly tenantId: string;
  readonly deadline: Deadline;
  readonly signal?: CancelSignal | undefined;
  /** Of several VMs that it could have, one that holds this script is better. */
  readonly script?: WantedScript | undefined;
  /** Whether it is for some that were let in to wait behind others, see `refusalBehind`. */
  readonly isStandIn?: boolean | undefined;
}

/** Who keeps leases for a while when there is nothing to do. */
export interface LeaseKeeper {
  /** Somebody has to wait for a VM. */
  onWanted(): void;
  /** No lease is granted any more. */
  onClosing(error: () => JsRuntimeError): void;
}

const NOTHING_WARM: WarmStats = new WarmCounts().stats();
const AT_ONCE: AfterWait = { waitedMs: 0, forVmMs: 0, continuesTurn: false };

interface HeldLease {
  readonly pooled: PooledVm;
  readonly line: TenantLine<VmLease>;
}

/**
 * Keeps `poolSize` VMs ready and lends them, one execution at a time; more of them, up to `maxVms`, while somebody waits. The
 * tenants take turns.
 */
@Injectable()
export class VmPoolService implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #fleet = new Fleet();
  readonly #leases = new Map<VmLease, HeldLease>();
  readonly #ledger = new PoolLedger();
  readonly #closing = new AbortController();
  /** Settled by the first VM that is ready, or when it is clear that none will be. */
  readonly #firstVm = Promise.withResolvers<undefined>();
  readonly #lastLease = Promise.withResolvers<undefined>();
  readonly #recentWaits = new RecentWaits();
  readonly #size: PoolSize;
  readonly #queue: AdmissionQueue<VmLease>;
  readonly #limit: ConcurrencyLimit;
  readonly #watch: VmWatch;
  readonly #starter: VmStarter;
  readonly #balancer: Balancer;
  readonly #debts: Debts;
  readonly #demand = new Demand();
  readonly #scriptsAhead: ScriptsAhead;
  readonly #onIdle = (pooled: PooledVm): void => {
    this.#scriptsAhead.loadInto(pooled);
  };
  #healthTimer: NodeJS.Timeout | undefined;
  #drained: Promise<void> | undefined;
  #hasBeenFull = false;
  #keeper: LeaseKeeper | undefined;
  #runFresh = 0;

  constructor(
    @Inject(COMPILED_OPTIONS) private readonly options: CompiledOptions,
    @Inject(VM_FACTORY) private readonly factory: VmFactory,
    policies: TenantPolicies,
    load: LoadMonitor,
  ) {
    const events = {
      onChange: () => {
        if (this.#fleet.has(isThere)) this.#firstVm.resolve(undefined);
        this.#hasBeenFull ||= this.#fleet.count(isThere) >= this.#size.wanted;
        this.#balance();
      },
      onGone: ({ tenantId, boundary, useCount }: PooledVm, reason: RetireReason) => {
        // For a stand-in that its tenant has not used yet there is no other: what is loaded into it may be what ends VMs.
        if (tenantId !== undefined && useCount > 0) void this.#scriptsAhead.standIn(tenantId, boundary, reason);
      },
      onHopeless: (problem: Error) => {
        this.#firstVm.reject(problem);
        this.#queue.refuseAll(() => this.#noVm());
      },
    };
    this.#size = new PoolSize(options, load);
    this.#queue = new AdmissionQueue(
      policies,
      options.queueSize,
      () => this.#fleet.count(isThere),
      ({ code }) => {
        this.#ledger.refused(code);
      },
      () => this.#size.queueShare,
    );
    this.#limit = new ConcurrencyLimit(availableParallelism(), options.maxVms);
    this.#watch = new VmWatch(this.#fleet, options.healthTimeoutMs, (lateMs, share) => {
      if (options.loadEnabled) this.#limitTo(lateMs, share);
    });
    this.#starter = new VmStarter(this.#fleet, factory, options, this.#ledger, events, this.#closing.signal);
    this.#debts = new Debts(this.#fleet, this.#queue, this.#starter, () => this.#size.wanted);
    const lend: Lend = (pooled, line, wait) => {
      // Else nobody asks for them.
      if (options.loadEnabled) this.#recentWaits.waited(wait.forVmMs);
      return this.#lend(pooled, line, wait);
    };
    const { onChange } = events;
    this.#scriptsAhead = new ScriptsAhead(
      this.#fleet,
      () => this.#isClosing || this.#queue.waiting > 0 || this.#size.isReduced,
      onChange,
    );
    this.#balancer = new Balancer(
      this.#fleet,
      this.#queue,
      this.#starter,
      factory,
      options,
      this.#size,
      this.#limit,
      this.#watch,
      lend,
      onChange,
    );
    load.watch({
      vmBytes: () => this.#memoryBytes(),
      queueWaitMs: () =>
        this.#recentWaits.percentileMs(this.#ledger.waits.count, this.#queue.waitedMs(performance.now())),
      onLoad: onChange,
    });
    // Nobody may be waiting for it.
    this.#firstVm.promise.catch(() => undefined);
  }

  /** Starts all VMs and waits for the first: an application that cannot run scripts at all should not start. */
  async onModuleInit(): Promise<void> {
    this.#warnOfUnfairness();
    this.#healthTimer = setInterval(() => void this.#checkIdleVms(), this.options.healthIntervalMs).unref();
    this.#balance();
    try {
      await this.#firstVm.promise;
    } catch (cause) {
      await this.close();
      throw new Error(`No VM process could be started: ${(cause as Error).message}`, { cause });
    }
  }

  /** Before connections are closed, so that executions that end in time can still be answered. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.drain();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  /** Who knows which scripts a tenant will want of a VM. */
  loadAhead(find: FindMissing, forget?: ForgetScripts): void {
    this.#scriptsAhead.find = find;
    this.#scriptsAhead.forget = forget;
  }

  /** Leases a VM for the time of `use`. @throws what `acquire` and `use` throw */
  async withVm<T>(use: (lease: VmLease) => Promise<T>, options: AcquireOptions): Promise<T> {
    // Where one is free, nobody waits.
    const taken = this.#take(options);
    const lease = taken instanceof VmLease ? taken : await taken;
    try {
      return await use(lease);
    } finally {
      this.#end(lease);
    }
  }

  /**
   * Leases a VM: the tenant's own idle one, if it can be one that holds the script, else one that is nobody's, else an own one that still makes its next realm, else
   * the one of another tenant that is asked for least with its isolate (or, if either tenant's `tenantBoundary` says so, its process)
   * replaced, else the next to come free, or an additional one after `overflowAfterMs`. Every lease must be released.
   *
   * @throws JsRuntimeError TENANT_BUSY, POOL_EXHAUSTED, OVERLOADED, CANCELLED by the signal, SHUTTING_DOWN
   */
  async acquire(options: AcquireOptions): Promise<VmLease> {
    return this.#take(options);
  }

  #take({ tenantId, deadline, signal, script, isStandIn }: AcquireOptions): VmLease | Promise<VmLease> {
    const line = this.#queue.lineOf(tenantId);
    this.#ledger.requested();
    const refusal = this.#refusal(signal);
    if (refusal) {
      this.#ledger.refused(refusal.code);
      throw refusal;
    }
    const mayHaveOne = line.isNextNew && this.#balancer.mayBegin(line);
    const ready = mayHaveOne ? chooseReady(this.#fleet, tenantId, line.policy.tenantBoundary, script) : undefined;
    if (ready) return this.#lend(ready, line, AT_ONCE);
    const { waiting } = this.#queue;
    const lease = this.#queue.wait(line, deadline, signal, script, isStandIn);
    // Who is refused changes nothing.
    if (this.#queue.waiting > waiting) {
      this.#keeper?.onWanted();
      this.#balance();
    }
    return lease;
  }

  /**
   * For what is about to ask for a VM, and would rather know before it does anything for that.
   *
   * @throws JsRuntimeError OVERLOADED, or what the tenant's line says when no more may wait in it; that counts as a lease that was refused
   */
  refuseIfHopeless(tenantId: string, policy: TenantPolicy, signal?: AbortSignal): void {
    // Who was called off, or comes too late, is told that.
    if (this.#isClosing || signal?.aborted === true) return;
    const refusal = this.#size.isClosed ? this.#overloaded() : this.#queue.refusalOf(tenantId, policy);
    if (refusal) throw this.#counted(refusal);
  }

  /** Who is to be asked for VMs that are leased and not used. */
  keepLeases(keeper: LeaseKeeper): void {
    this.#keeper = keeper;
  }

  /**
   * Why an invocation may not be run in a VM that its tenant has, if so; counted as a lease that was refused.
   *
   * @param waits whether it has to wait for that
   */
  refusalBehind(tenantId: string, waits: boolean): JsRuntimeError | undefined {
    const refusal = this.#refusal(undefined) ?? (waits ? this.#queue.refusalBehind(tenantId) : undefined);
    return refusal && this.#counted(refusal);
  }

  /** What an invocation has waited for until its deadline; counted as a lease that was refused. */
  lateBehind(tenantId: string, deadline: Deadline): JsRuntimeError {
    return this.#counted(this.#queue.lateError(this.#queue.lineOf(tenantId), deadline));
  }

  /** So many more invocations wait for VMs that their tenant has, or fewer. */
  waitBehind(tenantId: string, more: number): void {
    this.#queue.waitBehind(tenantId, more);
  }

  #counted(refusal: JsRuntimeError): JsRuntimeError {
    this.#ledger.requested();
    this.#ledger.refused(refusal.code);
    return refusal;
  }

  /** How many wait for a VM. */
  get waiting(): number {
    return this.#queue.waiting;
  }

  /** An execution that was to run in a warm realm runs in a fresh one: it would not be as it should be afterwards. */
  runsFresh(): void {
    this.#runFresh++;
  }

  /** What the modules of a warm realm import that some VM keeps for this key. */
  linked(key: string): LinkedModules | undefined {
    for (const pooled of this.#fleet) {
      const linked = isThere(pooled) ? pooled.vm.linked(key) : undefined;
      if (linked) return linked;
    }
    return undefined;
  }

  /** Lets go of every warm realm of a script, or of those with this version of what its modules import. */
  forgetRealms(key: string, version?: string): void {
    for (const pooled of this.#fleet) if (isThere(pooled)) pooled.vm.forget(key, version);
  }

  /** As `release`, for one that may have ended. */
  giveBack(lease: VmLease): void {
    this.#end(lease);
  }

  /**
   * Gives a VM back.
   *
   * @throws Error when the lease was released already, is not of this pool, or its VM has ended or is still at work, which then is
   * ended; in the last two cases the lease is over all the same
   */
  release(lease: VmLease): void {
    const { id, alive } = lease.vm;
    const wasBusy = this.#end(lease);
    if (!alive) throw new Error(`VM ${id} had ended before its lease was released`);
    if (wasBusy) throw new Error(`VM ${id} was still at work when its lease was released, and is ended`);
  }

  /**
   * Whether a VM is fit for work. An idle one is checked by a script in a fresh realm, and ended and replaced when it does not
   * answer within `healthTimeoutMs`; one at work is watched already.
   */
  async healthCheck({ id }: Pick<VmInfo, 'id'>): Promise<boolean> {
    const pooled = [...this.#fleet].find((one) => !isStarting(one) && one.vm.id === id);
    if (pooled?.state === 'idle') await this.#check(pooled);
    return pooled?.vm.alive ?? false;
  }

  stats(): PoolStats {
    const { idle, recycling, leased, retired, starting } = this.#fleet.countByState();
    return {
      accepting: !this.#isClosing,
      available: idle,
      recycling,
      inUse: leased,
      ending: retired,
      starting,
      overflow: Math.max(0, this.#fleet.size - retired - this.options.poolSize),
      waiting: this.#queue.waiting,
      breaker: this.#starter.breaker,
      warm: { waiting: this.#queue.behind, fresh: this.#runFresh, ...(this.factory.warmStats ?? NOTHING_WARM) },
      ...this.#ledger.totals(),
    };
  }

  /** Whether there ever were as many VMs as there should be. */
  get hasBeenFull(): boolean {
    return this.#hasBeenFull;
  }

  vms(): VmInfo[] {
    return [...this.#fleet].filter((pooled) => !isStarting(pooled)).map((pooled) => pooled.info());
  }

  /**
   * Ends the admission: who waits gets SHUTTING_DOWN, what runs may go on for `drainTimeoutMs` and gets SHUTTING_DOWN then.
   * Resolves when nothing runs any more.
   */
  async drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  /** Drains, and resolves when every process is gone. */
  async close(): Promise<void> {
    await this.drain();
    // Starts end by themselves now; one that was too far to stop still adds its VM, so they come first. No other begins.
    await this.#starter.settled();
    await Promise.all([...this.#fleet].map(({ vm }) => this.factory.destroy(vm, 'shutdown')));
  }

  #warnOfUnfairness(): void {
    const { poolSize, tenantConcurrency } = this.options;
    if (tenantConcurrency < poolSize) return;
    const problem = `tenantConcurrency (${tenantConcurrency}) is not less than poolSize (${poolSize})`;
    new Logger('VmPool').warn(
      `${problem}: one tenant can have all VMs, and the others wait for additional ones to start`,
    );
  }

  get #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  #refusal(signal: CancelSignal | undefined): JsRuntimeError | undefined {
    if (this.#isClosing) return shuttingDown();
    if (signal?.aborted) return new JsRuntimeError('CANCELLED', 'The execution was cancelled before it began');
    if (this.#size.isClosed) return this.#overloaded();
    if (this.#starter.breaker === 'open' && this.#fleet.size === 0) return this.#noVm();
    return undefined;
  }

  #noVm(): JsRuntimeError {
    const retryAfterMs = Math.max(1000, this.#starter.retryInMs);
    return new JsRuntimeError('POOL_EXHAUSTED', 'There is no VM, and none can be started', { retryAfterMs });
  }

  #overloaded(): JsRuntimeError {
    // Sooner it cannot be over.
    const retryAfterMs = Math.max(1000, this.options.loadRecoveryMs);
    return new JsRuntimeError('OVERLOADED', 'The backend has more to do than it can', { retryAfterMs });
  }

  #memoryBytes(): number {
    let bytes = 0;
    for (const pooled of this.#fleet) if (!isStarting(pooled)) bytes += pooled.vm.memoryBytes() ?? 0;
    return bytes;
  }

  #lend(pooled: PooledVm, line: TenantLine<VmLease>, { waitedMs, continuesTurn }: AfterWait): VmLease {
    const { tenantId } = line;
    const lease = new VmLease(pooled.vm, tenantId);
    // One more beside others of the tenant has not been asked for as much as these.
    if (pooled.demand === NO_DEMAND && line.running.size === 0) pooled.demand = this.#demand.of(tenantId);
    pooled.demand = this.#demand.lent(tenantId, pooled.demand);
    pooled.lend(lease, line.policy.tenantBoundary);
    pooled.onIdle = this.#onIdle;
    this.#leases.set(lease, { pooled, line });
    if (continuesTurn) this.#queue.tookMore(line, lease);
    else {
      this.#queue.took(line, lease);
      pooled.turnBeganAt = performance.now();
    }
    this.#ledger.leased(waitedMs);
    this.#watch.lent(pooled);
    return lease;
  }

  /** True when its VM was still at work. */
  #end(lease: VmLease): boolean {
    const held = this.#leases.get(lease);
    if (!held) {
      const what = lease.isReleased ? 'was released already' : 'is not of this pool';
      throw new Error(`The lease of VM ${lease.vm.id} ${what}`);
    }
    const { pooled, line } = held;
    this.#leases.delete(lease);
    lease.end();
    const isBusy = pooled.state !== 'retired' && pooled.vm.busy;
    if (isBusy) pooled.retire('cancelled');
    if (pooled.vm.keepsTooMuch) pooled.retire('memory');
    pooled.release();
    this.#watch.restore(pooled);
    const owes = pooled.state === 'retired';
    if (owes) this.#debts.add(line);
    this.#queue.gaveBack(line, lease, owes);
    this.#ledger.released();
    this.#retireIfUsedUp(pooled);
    if (this.#isClosing && this.#leases.size === 0) this.#lastLease.resolve(undefined);
    this.#balance();
    return isBusy;
  }

  #retireIfUsedUp(pooled: PooledVm): void {
    if (pooled.state === 'retired') return;
    if (this.#isClosing) pooled.retire('shutdown');
    else if (pooled.useCount >= this.options.vmMaxUses) pooled.retire('uses');
    else if (pooled.useCount >= pooled.maxUses) pooled.dueFor ??= 'uses';
  }

  /** More may begin than could before, when the limit has risen or something at work has been lowered. */
  #limitTo(lateMs: number, share: number): void {
    this.#limit.look(lateMs, this.#fleet.count(isAtWork), share);
    if (this.#queue.waiting > 0) this.#balance();
  }

  #balance(): void {
    if (this.#isClosing) return;
    this.#debts.settle();
    this.#balancer.balance();
  }

  async #checkIdleVms(): Promise<void> {
    // One after the other: the rest stays ready meanwhile.
    for (const pooled of [...this.#fleet]) if (pooled.state === 'idle' && !this.#isClosing) await this.#check(pooled);
  }

  async #check(pooled: PooledVm): Promise<void> {
    await pooled.recycle('check', async () => pooled.vm.check(this.options.healthTimeoutMs));
    this.#balance();
  }

  async #drain(): Promise<void> {
    this.#closing.abort();
    this.#firstVm.reject(shuttingDown());
    clearInterval(this.#healthTimer);
    this.#balancer.stop();
    this.#queue.refuseAll(shuttingDown);
    this.#keeper?.onClosing(shuttingDown);
    for (const pooled of this.#fleet) if (!isStarting(pooled) && !pooled.lease) pooled.retire('shutdown');
    if (this.#leases.size > 0) {
      const timer = setTimeout(() => {
        this.#lastLease.resolve(undefined);
      }, this.options.drainTimeoutMs);
      await this.#lastLease.promise;
      clearTimeout(timer);
    }
    const late = [...this.#leases.values()].map(({ pooled }) => pooled);
    for (const pooled of late) pooled.retire('shutdown');
    await Promise.all(late.map(({ vm }) => vm.exited));
    this.#watch.stop();
  }
}

function shuttingDown(): JsRuntimeError {
  return new JsRuntimeError('SHUTTING_DOWN', 'The runtime is shutting down');
}

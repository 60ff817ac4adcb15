import type { AdmissionQueue } from '../admission/admission-queue.ts';
import type { TenantLine, Waiter } from '../admission/tenant-line.ts';
import type { CompiledOptions } from '../config/options.schema.ts';
import { canBeReset, chooseReady, chooseToRebind, chooseToRetire } from './choose-vm.ts';
import type { ConcurrencyLimit } from './concurrency-limit.ts';
import { isAtWork, isBeingFreed, isFree, isFresh, isRetired, isStarting, isThere, type Fleet } from './fleet.ts';
import type { PoolSize } from './pool-size.ts';
import type { PooledVm } from './pooled-vm.ts';
import type { VmFactory } from './vm-factory.ts';
import type { VmLease } from './vm-lease.ts';
import type { VmStarter } from './vm-starter.ts';
import type { VmWatch } from './vm-watch.ts';

/** How long after somebody had to wait for a new isolate one is kept ready for the next. */
const SPARE_MS = 1000;

/** So long a tenant of which more wait goes on with a VM that it got in its turn: some executions, for which one new isolate is made. */
const TURN_MS = 20;

/** What a VM is lent to somebody who waited with. */
export interface AfterWait {
  readonly waitedMs: number;
  /** Of that, when there was nothing else to wait for. */
  readonly forVmMs: number;
  /** Whether it goes on with the turn that the VM's tenant has. */
  readonly continuesTurn: boolean;
}

interface AtWork {
  readonly vms: number;
  readonly tenants: number;
}

export type Lend = (pooled: PooledVm, line: TenantLine<VmLease>, wait: AfterWait) => VmLease;

/**
 * Compares the VMs there are with those there should be, and does what is missing: hands out, makes ready for another tenant,
 * retires, starts. It keeps no account of what it has begun, but looks at the fleet anew each time, so nothing that fails or ends
 * on the way can be forgotten.
 */
export class Balancer {
  #spareUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  /** By priority. Counted once for all that wait: there may be many. */
  readonly #atWork = new Map<number, AtWork>();

  constructor(
    private readonly fleet: Fleet,
    private readonly queue: AdmissionQueue<VmLease>,
    private readonly starter: VmStarter,
    private readonly factory: VmFactory,
    private readonly options: CompiledOptions,
    private readonly size: PoolSize,
    private readonly limit: ConcurrencyLimit,
    private readonly watch: Pick<VmWatch, 'niceOf' | 'restoreForAnother'>,
    private readonly lend: Lend,
    /** Told when what it has begun, or waited for, has come to its end. */
    private readonly onChange: () => void,
  ) {}

  /** To be called whenever a VM or a caller has come, gone or changed. */
  balance(): void {
    if (this.#isStopped) return;
    this.#atWork.clear();
    this.#serve();
    this.#keepSpare();
    this.#trim();
    this.#replenish();
  }

  /**
   * Whether one more of a tenant may be at work. What has a lower priority than it is not in its way; and a tenant that has no VM
   * waits for others only when so many tenants have one at work.
   */
  mayBegin(line: TenantLine<VmLease>): boolean {
    this.#atWork.clear();
    return this.#mayBegin(line);
  }

  /** With what was counted since anything began. */
  #mayBegin({ tenantId, running }: TenantLine<VmLease>): boolean {
    const { most } = this.limit;
    if (most === Infinity) return true;
    const { vms, tenants } = this.#atWorkBeside(this.watch.niceOf(tenantId));
    return vms < most || (running.size === 0 && tenants < most);
  }

  /** What is at work and has no lower priority than this. */
  #atWorkBeside(nice: number): AtWork {
    const counted = this.#atWork.get(nice);
    if (counted) return counted;
    const tenants = new Set<string | undefined>();
    let vms = 0;
    for (const pooled of this.fleet) {
      if (!isAtWork(pooled) || pooled.nice > nice) continue;
      vms++;
      tenants.add(pooled.tenantId);
    }
    const atWork = { vms, tenants: tenants.size };
    this.#atWork.set(nice, atWork);
    return atWork;
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Gives free VMs to those who wait, in turn; who can only use another tenant's has it made ready. */
  #serve(): void {
    if (this.queue.waiting === 0 || !this.fleet.has(isFree)) return;
    this.#continueTurns();
    let beingFreed = this.fleet.count(isBeingFreed);
    let coming = this.#countComing();
    const awaited = new Set<PooledVm>();
    for (const waiter of this.queue.inTurn((line) => this.#mayBegin(line))) {
      if (!this.fleet.has(isFree)) return;
      if (waiter.deadline.isOver) {
        this.queue.refuseLate(waiter);
        continue;
      }
      const { tenantId, policy } = waiter.line;
      const boundary = policy.tenantBoundary;
      const ready = chooseReady(this.fleet, tenantId, boundary, waiter.script);
      const loading = ready ? undefined : this.#loadingOf(tenantId, awaited);
      if (ready) this.#grant(waiter, ready);
      else if (loading) awaited.add(loading);
      else if (boundary === 'isolate' && beingFreed > 0) beingFreed--;
      else {
        const other = chooseToRebind(this.fleet, boundary);
        if (other && canBeReset(other, boundary)) {
          this.#spareUntil = performance.now() + SPARE_MS;
          this.#free(other);
        } else if (coming > 0) coming--;
        else other?.retire('rebind');
      }
    }
  }

  /** A VM of the tenant's that is loading, and that nobody waits for yet: it takes less than to make another one fit. */
  #loadingOf(tenantId: string, awaited: ReadonlySet<PooledVm>): PooledVm | undefined {
    for (const pooled of this.fleet) {
      if (pooled.isLoading && pooled.tenantId === tenantId && !awaited.has(pooled)) return pooled;
    }
    return undefined;
  }

  /** VMs that start, and those that will as soon as there is room for them. */
  #countComing(): number {
    const { wanted, most, isReduced } = this.size;
    const starting = this.fleet.count(isStarting);
    // Of those beyond what is wanted none is replaced for its own sake: what comes then is for those who wait.
    const missing = isReduced ? this.queue.waiting : wanted - this.fleet.count(isFresh) - starting;
    const room = most - this.fleet.size + this.fleet.count(isRetired);
    return starting + Math.max(0, Math.min(missing, room));
  }

  /** Where the VM's tenant has not used up its turn. Turns of one execution each would mean a new isolate for each, of which most takes longer than that. */
  #continueTurns(): void {
    const now = performance.now();
    for (const pooled of this.fleet) {
      if (!pooled.isFree || pooled.tenantId === undefined || now - pooled.turnBeganAt >= TURN_MS) continue;
      const waiter = this.queue.nextOf(pooled.tenantId);
      if (
        waiter &&
        this.#mayBegin(waiter.line) &&
        chooseReady([pooled], pooled.tenantId, waiter.line.policy.tenantBoundary)
      ) {
        this.#grant(waiter, pooled, true);
      }
    }
  }

  #grant(waiter: Waiter<VmLease>, pooled: PooledVm, continuesTurn = false): void {
    const now = performance.now();
    const { line, since, mayRunSince = now } = waiter;
    this.#atWork.clear();
    waiter.grant(this.lend(pooled, line, { waitedMs: now - since, forVmMs: now - mayRunSince, continuesTurn }));
  }

  /** While tenants come and go faster than VMs, the next one's isolate is replaced before it is asked for. */
  #keepSpare(): void {
    if (performance.now() >= this.#spareUntil || this.queue.isAnybodyNext) return;
    const isSpare = (pooled: PooledVm): boolean => pooled.isFree && pooled.tenantId === undefined;
    if (this.fleet.has((pooled) => isStarting(pooled) || isBeingFreed(pooled) || isSpare(pooled))) return;
    if (this.fleet.count(isFree) < 2) return;
    const other = chooseToRebind(this.fleet, 'isolate');
    if (other && canBeReset(other, 'isolate')) this.#free(other);
  }

  /** Retires what is to be replaced, once its replacement is there or cannot be beside it; and, when nobody waits, what is too much. */
  #trim(): void {
    const { wanted, most, isReduced } = this.size;
    for (const pooled of this.fleet) {
      if (!pooled.dueFor || !pooled.isFree) continue;
      const hasNoRoom = this.fleet.size >= most && !this.fleet.has(isStarting);
      if (hasNoRoom || this.fleet.count(isThere) > wanted) pooled.retire(pooled.dueFor);
    }
    const fresh = this.fleet.count(isFresh);
    if (fresh <= wanted || this.queue.isAnybodyNext) return;
    for (let excess = fresh - this.options.poolSize; excess > 0; excess--)
      chooseToRetire(this.fleet)?.retire('overflow');
    if (isReduced) this.#shrink();
  }

  /**
   * Ends one that nobody has used for a while; the next one when its process is gone. What is used again and again stays: to start it
   * each time would be more load.
   */
  #shrink(): void {
    const longest = chooseToRetire(this.fleet);
    if (!longest || longest.unusedMs < this.options.loadIntervalMs || this.fleet.has(isRetired)) return;
    longest.retire('load');
  }

  /** Starts what is missing, and looks again when somebody has waited long enough, or a start may be tried again. */
  #replenish(): void {
    const { overflowAfterMs } = this.options;
    const { wanted, most } = this.size;
    const now = performance.now();
    const room = most - this.fleet.size;
    const starting = this.fleet.count(isStarting);
    // Only where one more could be started does it matter who has waited for how long; and who may not begin waits for no VM.
    const late =
      room > 0
        ? this.queue.waitingSince(now - overflowAfterMs, (line) => this.#mayBegin(line))
        : { count: 0, nextSince: undefined };
    const missing = Math.max(
      wanted - this.fleet.count(isFresh) - starting,
      late.count - starting - this.fleet.count(isBeingFreed),
    );
    if (missing > 0 && room > 0) {
      // Where nobody is at work, as when the application starts, there is nobody to leave a CPU to.
      const isUrgent = this.fleet.count(isFree) < wanted / 2 || this.queue.isAnybodyNext || !this.fleet.has(isAtWork);
      this.starter.start(Math.min(missing, room), isUrgent);
    }
    const retryMs = missing > 0 ? this.starter.retryInMs : 0;
    const lateMs = late.nextSince === undefined ? 0 : Math.ceil(late.nextSince + overflowAfterMs - now);
    this.#lookAgainIn([retryMs, lateMs].filter((ms) => ms > 0));
  }

  #lookAgainIn(anyOfMs: readonly number[]): void {
    clearTimeout(this.#timer);
    if (anyOfMs.length === 0) return;
    this.#timer = setTimeout(
      () => {
        this.onChange();
      },
      Math.min(...anyOfMs),
    );
  }

  /** Replaces a VM's isolate; afterwards it is nobody's. */
  #free(pooled: PooledVm): void {
    this.#atWork.clear();
    this.watch.restoreForAnother(pooled);
    if (pooled.state === 'retired') return;
    const work = async (): Promise<void> => this.factory.reset(pooled.vm, this.options.vmCreateTimeoutMs);
    void pooled.recycle('isolate', work).then(() => {
      this.onChange();
    });
  }
}

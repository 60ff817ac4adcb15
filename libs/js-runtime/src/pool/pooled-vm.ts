import type { TenantBoundary } from '../config/tenant-policy.ts';
import type { RetireReason } from '../process/retire-reason.ts';
import { NO_DEMAND } from './demand.ts';
import type { PoolVm } from './vm-factory.ts';
import type { VmInfo } from './vm-info.ts';
import type { VmLease } from './vm-lease.ts';
import { NEXT_STATES, type VmState } from './vm-state.ts';

/** Who has taken no CPU for so long waits for something: for a CPU itself only what was lowered waits as long, where as many are at work as may be. */
const WAITS_MS = 50;

/** What a VM does while it is `recycling`. Only one that makes its realm can be leased meanwhile: the request just waits for it. */
type RecyclingTask = 'realm' | 'isolate' | 'check' | 'load';

/** A VM in the pool, and what the pool knows of it. */
export class PooledVm {
  readonly createdAt = wallClock();
  tenantId: string | undefined;
  /** What was never to serve two tenants when it became this tenant's. */
  boundary: TenantBoundary = 'isolate';
  /** Whether its process has served more than one tenant. */
  isShared = false;
  lastUsedAt = this.createdAt;
  useCount = 0;
  /** How much its tenant has asked for it, see `Demand`. */
  demand = NO_DEMAND;
  /** `performance.now()` at which its tenant got it in its turn. */
  turnBeganAt = 0;
  /** Why it is to be replaced, once it is. */
  dueFor: 'age' | 'uses' | undefined;
  /** Uses after which it is to be replaced. */
  readonly maxUses: number;
  /** CPU that its process had used when somebody first looked during this lease, in milliseconds. */
  cpuMsAtFirstLook: number | undefined;
  /** And when somebody last looked, since it became its tenant's. */
  cpuMsAtLastLook: number | undefined;
  /** `performance.now()` of that look. */
  lookedAt = 0;
  /** `performance.now()` at which it was lent, or was last seen to have taken a CPU since. */
  ranAt = 0;
  /** Its priority; 0 unless it was lowered. */
  nice = 0;
  /** Whether somebody has tried to lower it. */
  mayBeLowered = false;
  /** Called once: when it is idle again after its lease. */
  onIdle: ((pooled: PooledVm) => void) | undefined;
  #state: VmState = 'starting';
  #task: RecyclingTask = 'realm';
  #vm: PoolVm | undefined;
  #lease: VmLease | undefined;

  constructor(maxUses: number) {
    this.maxUses = maxUses;
  }

  /** @throws Error while it is starting */
  get vm(): PoolVm {
    if (!this.#vm) throw new Error('The VM is still starting');
    return this.#vm;
  }

  /** A VM may end at any moment, by itself or by whoever has it, so it is asked. */
  get state(): VmState {
    return this.#vm?.alive === false ? 'retired' : this.#state;
  }

  get ageMs(): number {
    return wallClock() - this.createdAt;
  }

  /** How long nobody has used it. */
  get unusedMs(): number {
    return wallClock() - this.lastUsedAt;
  }

  get lease(): VmLease | undefined {
    return this.#lease;
  }

  /** Idle, or making its next realm: its own tenant can have it now, and for another its isolate can be replaced. */
  get isFree(): boolean {
    const { state } = this;
    return state === 'idle' || (state === 'recycling' && this.#task === 'realm');
  }

  /** Its isolate is being replaced: it will be nobody's. */
  get isBeingFreed(): boolean {
    return this.state === 'recycling' && this.#task === 'isolate';
  }

  /** It loads what its tenant will want; that takes milliseconds. */
  get isLoading(): boolean {
    return this.state === 'recycling' && this.#task === 'load';
  }

  get isMakingItsRealm(): boolean {
    return this.state === 'recycling' && this.#task === 'realm';
  }

  /** It takes a CPU, or wants one: it is getting a new isolate, or lent and does not wait for a timer or for an answer. */
  get isAtWork(): boolean {
    return this.isBeingFreed || (this.state === 'leased' && performance.now() - this.ranAt < WAITS_MS);
  }

  started(vm: PoolVm): void {
    this.#to('idle');
    this.#vm = vm;
    vm.onRecycled = () => {
      if (vm.keepsTooMuch && (this.isMakingItsRealm || this.state === 'idle')) this.retire('memory');
      else if (this.isMakingItsRealm) this.#toIdle();
    };
  }

  /** @throws Error when it is not free, or another tenant's: a new isolate comes first */
  lend(lease: VmLease, boundary: TenantBoundary): void {
    if (!this.isFree) throw this.#cannotBecome('leased');
    if (this.tenantId !== undefined && this.tenantId !== lease.tenantId) {
      throw new Error(`VM ${lease.vm.id} is another tenant's; it needs a new isolate first`);
    }
    this.#to('leased');
    this.#lease = lease;
    this.tenantId = lease.tenantId;
    this.boundary = boundary;
    this.useCount++;
    this.cpuMsAtFirstLook = undefined;
    this.ranAt = performance.now();
  }

  release(): void {
    this.#lease = undefined;
    this.lastUsedAt = wallClock();
    if (this.state !== 'leased') return;
    this.#task = 'realm';
    if (this.vm.recycled) this.#toIdle();
    else this.#to('recycling');
  }

  /** It becomes a tenant's before that asks for it. @throws Error when it is not idle, or somebody's, or was */
  assign(tenantId: string, boundary: TenantBoundary): void {
    if (this.state !== 'idle' || this.tenantId !== undefined || this.isShared) {
      throw new Error(`VM ${this.vm.id} cannot become a tenant's: it is ${this.state}, and has been somebody's`);
    }
    this.tenantId = tenantId;
    this.boundary = boundary;
  }

  /**
   * Has it worked on while nobody can lease it. Afterwards it is idle; if the work fails it is ended.
   *
   * @throws Error when it is not free
   */
  async recycle(task: 'isolate' | 'check' | 'load', work: () => Promise<void>): Promise<void> {
    if (!this.isFree) throw this.#cannotBecome('recycling');
    this.#to('recycling');
    this.#task = task;
    try {
      await work();
      // What it said before that was said to nobody.
      if (this.vm.keepsTooMuch) this.retire('memory');
    } catch {
      this.retire('unhealthy');
    }
    if (this.state !== 'recycling') return;
    if (task === 'isolate') {
      this.isShared ||= this.tenantId !== undefined;
      this.tenantId = undefined;
      this.demand = NO_DEMAND;
      this.cpuMsAtLastLook = undefined;
    }
    this.#to('idle');
  }

  /** Tells it to end. The first reason counts. */
  retire(reason: RetireReason): void {
    this.vm.kill(reason);
  }

  info(): VmInfo {
    const { vm, state, tenantId, createdAt, lastUsedAt, useCount } = this;
    return { id: vm.id, pid: vm.pid, state, tenantId, createdAt, lastUsedAt, useCount, healthy: vm.alive };
  }

  #toIdle(): void {
    this.#to('idle');
    const { onIdle } = this;
    this.onIdle = undefined;
    onIdle?.(this);
  }

  #to(next: VmState): void {
    const { state } = this;
    if (!NEXT_STATES[state].includes(next)) throw this.#cannotBecome(next);
    this.#state = next;
  }

  #cannotBecome(next: VmState): Error {
    return new Error(`VM ${this.#vm?.id ?? ''} cannot become ${next}: it is ${this.state}`);
  }
}

/** Milliseconds since the epoch, whole: monotonic, unlike Date.now(). */
function wallClock(): number {
  return Math.round(performance.timeOrigin + performance.now());
}

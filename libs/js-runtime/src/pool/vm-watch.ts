import { availableParallelism } from 'node:os';
import { canRaisePriorities } from '../process/priority.ts';
import type { PooledVm } from './pooled-vm.ts';
import { TenantCpu } from './tenant-cpu.ts';

/** How often running VMs are looked at; nothing is done while none runs. */
const TICK_MS = 10;

/**
 * The longer an execution burns CPU, the lower the priority of its VM: a short script then hardly waits for a long one.
 * Milliseconds of CPU → nice value; how they were found is in docs/adr/0007-cpu-fairness.md.
 */
const STEPS: readonly { readonly burntMs: number; readonly nice: number }[] = [
  { burntMs: 1000, nice: 10 },
  { burntMs: 100, nice: 5 },
];
/** Where a lowered priority cannot be raised again the VM is lost with it: only for what takes much longer than a start, and for no tenant as such. */
const STEPS_FOR_GOOD: typeof STEPS = [{ burntMs: 1000, nice: 10 }];

const CAUTION_MS = 60_000;

/**
 * Watches VMs at work, from outside, with one timer for all: those that exceed a limit are ended, burners lose priority, and
 * one that does not come back from recycling is ended too.
 */
export class VmWatch {
  #timer: NodeJS.Timeout | undefined;
  /** `performance.now()` until which it is taken that priorities cannot be raised. */
  #cautiousUntil = 0;
  #lookedAt = 0;
  readonly #tenantCpu: TenantCpu;

  constructor(
    private readonly vms: Iterable<PooledVm>,
    private readonly healthTimeoutMs: number,
    /** Called after each look, with how much later it came than it should have, and how much of all CPUs the VMs take lately. */
    private readonly onLook: (lateMs: number, share: number) => void = () => undefined,
    cpus: number = availableParallelism(),
    /** Whether what was lowered can be raised again; where not, it is only lowered for what takes much longer than a start. */
    private readonly canRaise: boolean = canRaisePriorities(),
  ) {
    this.#tenantCpu = new TenantCpu(cpus);
  }

  /** One has been lent: watches until none is. */
  lent(pooled: PooledVm): void {
    const { tenantId = '' } = pooled;
    const now = performance.now();
    // Nobody has looked since the last one was over, however long ago that was.
    if (!this.#timer) this.#tenantCpu.fade(now);
    this.#tenantCpu.uses(tenantId, 0, now);
    // What its tenant was lowered for is over. If it cannot be raised, that is seen to when it comes back.
    if (pooled.nice > 0 && pooled.nice > this.niceOf(tenantId)) this.#raise(pooled, this.niceOf(tenantId));
    this.start();
  }

  /** Something runs: watches until nothing does. */
  start(): void {
    if (this.#timer) return;
    this.#lookedAt = performance.now();
    this.#timer = setInterval(() => {
      this.#tick();
    }, TICK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The priority that a tenant's VMs have for what it has used lately. */
  niceOf(tenantId: string): number {
    return this.#isCautious ? 0 : this.#tenantCpu.niceOf(tenantId);
  }

  /** An execution is over: its VM has the priority again that its tenant's have. */
  restore(pooled: PooledVm): void {
    const nice = this.niceOf(pooled.tenantId ?? '');
    if (nice === 0 || pooled.nice > nice) this.#restoreTo(pooled, nice);
  }

  /** It becomes another tenant's. */
  restoreForAnother(pooled: PooledVm): void {
    this.#restoreTo(pooled, 0);
  }

  /** A VM that cannot have it is ended: the next tenant must not pay for this one. */
  #restoreTo(pooled: PooledVm, nice: number): void {
    if (!pooled.mayBeLowered || pooled.state === 'retired' || this.#raise(pooled, nice)) return;
    // For want of rights, and then for good; or because somebody else did the same just now, which passes.
    this.#cautiousUntil = performance.now() + CAUTION_MS;
    pooled.retire('lowered');
  }

  #raise(pooled: PooledVm, nice: number): boolean {
    if (!pooled.vm.setPriority(nice)) return false;
    pooled.nice = nice;
    pooled.mayBeLowered = nice > 0;
    return true;
  }

  get #isCautious(): boolean {
    return !this.canRaise || performance.now() < this.#cautiousUntil;
  }

  #tick(): void {
    const now = performance.now();
    const lateMs = now - this.#lookedAt - TICK_MS;
    this.#lookedAt = now;
    let isIdle = true;
    for (const pooled of this.vms) {
      if (pooled.state === 'leased') {
        pooled.vm.enforceLimits();
        this.#lowerIfBurning(pooled);
      } else if (pooled.isMakingItsRealm) this.#endIfOverdue(pooled);
      else continue;
      isIdle = false;
    }
    this.#tenantCpu.fade(now);
    if (isIdle) this.stop();
    this.onLook(lateMs, this.#tenantCpu.share);
  }

  #lowerIfBurning(pooled: PooledVm): void {
    const now = performance.now();
    const ranMs = pooled.vm.cpuMs();
    // Where nobody can tell, it is taken to have run.
    if (ranMs === undefined || ranMs !== pooled.cpuMsAtLastLook) pooled.ranAt = now;
    if (ranMs === undefined) return;
    pooled.cpuMsAtFirstLook ??= ranMs;
    const burntMs = ranMs - pooled.cpuMsAtFirstLook;
    const { tenantId = '' } = pooled;
    // Between two looks there may have been several executions, all of the same tenant.
    this.#tenantCpu.uses(tenantId, ranMs - (pooled.cpuMsAtLastLook ?? ranMs), now, now - pooled.lookedAt);
    pooled.cpuMsAtLastLook = ranMs;
    pooled.lookedAt = now;
    const steps = this.#isCautious ? STEPS_FOR_GOOD : STEPS;
    const burning = steps.find((one) => burntMs >= one.burntMs)?.nice ?? 0;
    const nice = Math.max(burning, this.niceOf(tenantId));
    if (nice <= pooled.nice) return;
    // Also when it is refused, which it may be half-way.
    pooled.mayBeLowered = true;
    if (pooled.vm.setPriority(nice)) pooled.nice = nice;
  }

  #endIfOverdue(pooled: PooledVm): void {
    if (pooled.vm.recyclingOverdue(this.healthTimeoutMs)) pooled.retire('unhealthy');
  }
}

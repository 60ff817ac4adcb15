import type { PooledVm } from './pooled-vm.ts';

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
/** Where a lowered priority cannot be raised again the VM is lost with it: only for what takes much longer than a start. */
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

  constructor(
    private readonly vms: Iterable<PooledVm>,
    private readonly healthTimeoutMs: number,
  ) {}

  /** Something runs: watches until nothing does. */
  start(): void {
    this.#timer ??= setInterval(() => {
      this.#tick();
    }, TICK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Gives a VM its priority back. A VM that cannot have it is ended: the next tenant must not pay for this one. */
  restore(pooled: PooledVm): void {
    if (!pooled.mayBeLowered || pooled.state === 'retired') return;
    if (pooled.vm.setPriority(0)) {
      pooled.nice = 0;
      pooled.mayBeLowered = false;
    } else {
      // For want of rights, and then for good; or because somebody else did the same just now, which passes.
      this.#cautiousUntil = performance.now() + CAUTION_MS;
      pooled.retire('lowered');
    }
  }

  #tick(): void {
    let isIdle = true;
    for (const pooled of this.vms) {
      if (pooled.state === 'leased') {
        pooled.vm.enforceLimits();
        this.#lowerIfBurning(pooled);
      } else if (pooled.isMakingItsRealm) this.#endIfOverdue(pooled);
      else continue;
      isIdle = false;
    }
    if (isIdle) this.stop();
  }

  #lowerIfBurning(pooled: PooledVm): void {
    const ranMs = pooled.vm.cpuMs();
    if (ranMs === undefined) return;
    pooled.cpuMsAtFirstLook ??= ranMs;
    const burntMs = ranMs - pooled.cpuMsAtFirstLook;
    const steps = performance.now() < this.#cautiousUntil ? STEPS_FOR_GOOD : STEPS;
    const step = steps.find((one) => burntMs >= one.burntMs);
    if (!step || step.nice <= pooled.nice) return;
    // Also when it is refused, which it may be half-way.
    pooled.mayBeLowered = true;
    if (pooled.vm.setPriority(step.nice)) pooled.nice = step.nice;
  }

  #endIfOverdue(pooled: PooledVm): void {
    if (pooled.vm.recyclingOverdue(this.healthTimeoutMs)) pooled.retire('unhealthy');
  }
}

import { AsyncLocalStorage } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import { availableParallelism } from 'node:os';
import { Logger } from '@nestjs/common';
import type { RetireReason } from '../process/retire-reason.ts';
import { isStarting, type Fleet } from './fleet.ts';
import type { PoolLedger } from './pool-ledger.ts';
import { PooledVm } from './pooled-vm.ts';
import { StartGate, type BreakerState } from './start-gate.ts';
import type { PoolVm, VmExit, VmFactory } from './vm-factory.ts';

export interface VmStarterOptions {
  readonly vmMaxAgeMs: number;
  readonly vmMaxUses: number;
}

export interface VmStarterEvents {
  /** A VM has become ready, is to be replaced, or is gone; or a start has failed. */
  onChange(): void;
  /** A VM is gone. */
  onGone(pooled: PooledVm, reason: RetireReason): void;
  /** There is no VM, and for now none is started any more. */
  onHopeless(problem: Error): void;
}

/**
 * A start burns CPU for about 0.1 s: more at a time than there are CPUs only make each other late. When nobody
 * needs them at once, a CPU is left to those at work.
 */
const URGENT_STARTS_AT_ONCE = Math.max(2, availableParallelism());
const STARTS_AT_ONCE = Math.max(1, availableParallelism() - 1);
/** Age and uses at which a VM is replaced are less than their limits by a random part of this share, so VMs go one by one. */
const JITTER = 0.1;
/** A VM that ends by itself so soon, and unused, counts as one that did not start. */
const STILLBORN_MS = 1000;

/** Brings VMs into the fleet, sees them out of it, and holds back when starting fails. */
export class VmStarter {
  readonly #logger = new Logger('VmPool');
  readonly #gate = new StartGate();
  readonly #starts = new Set<Promise<void>>();
  /** A VM outlives whoever made it necessary: what is logged of it is not of that execution, nor is anything kept of it. */
  readonly #inNobodysContext = AsyncLocalStorage.snapshot();

  constructor(
    private readonly fleet: Fleet,
    private readonly factory: VmFactory,
    private readonly options: VmStarterOptions,
    private readonly ledger: PoolLedger,
    private readonly events: VmStarterEvents,
    /** Gives up the starts that are under way; what fails then is no failure. */
    private readonly signal: AbortSignal,
  ) {
    // Every VM that is being started listens.
    setMaxListeners(0, signal);
  }

  get breaker(): BreakerState {
    return this.#gate.state;
  }

  /** Milliseconds until a start may be tried again after failures; 0 when now. */
  get retryInMs(): number {
    return this.#gate.retryInMs;
  }

  /** Starts some VMs, or as many as it may now; more at a time when somebody is waiting for them. */
  start(count: number, isUrgent: boolean): void {
    if (this.signal.aborted) return;
    const atOnce = isUrgent ? URGENT_STARTS_AT_ONCE : STARTS_AT_ONCE;
    const room = this.#gate.allowedAtOnce(atOnce) - this.fleet.count(isStarting);
    for (let left = Math.min(count, room); left > 0; left--) {
      this.#inNobodysContext(() => {
        this.#startOne();
      });
    }
  }

  /** Resolves when every start under way has ended, one way or the other. */
  async settled(): Promise<void> {
    await Promise.all(this.#starts);
  }

  #startOne(): void {
    const pooled = new PooledVm(jittered(this.options.vmMaxUses));
    this.fleet.add(pooled);
    const start = this.factory.create(this.signal).then(
      (vm) => {
        this.#started(pooled, vm);
      },
      (error: unknown) => {
        this.#failed(pooled, error instanceof Error ? error : new Error(String(error)));
      },
    );
    this.#starts.add(start);
    void start.then(() => this.#starts.delete(start));
  }

  #started(pooled: PooledVm, vm: PoolVm): void {
    pooled.started(vm);
    this.ledger.created();
    this.#gate.succeeded();
    const ageTimer = setTimeout(() => {
      pooled.dueFor ??= 'age';
      this.events.onChange();
    }, jittered(this.options.vmMaxAgeMs)).unref();
    void vm.exited.then((exit) => {
      clearTimeout(ageTimer);
      this.#gone(pooled, exit);
    });
    this.events.onChange();
  }

  #failed(pooled: PooledVm, problem: Error): void {
    this.fleet.delete(pooled);
    if (this.signal.aborted) return;
    this.ledger.startFailed();
    this.#gate.failed();
    this.#logger.error(`A VM could not be started: ${problem.message}`);
    this.#tellIfHopeless(problem);
    this.events.onChange();
  }

  #gone(pooled: PooledVm, { reason, code, signal }: VmExit): void {
    this.fleet.delete(pooled);
    this.ledger.destroyed(reason);
    const how = `reason ${reason}, exit code ${code ?? '-'}, signal ${signal ?? '-'}`;
    const isFault = reason === 'crashed' || reason === 'protocol' || reason === 'unhealthy';
    if (isFault) this.#logger.warn(`VM ${pooled.vm.id} ended: ${how}`);
    else this.#logger.debug(`VM ${pooled.vm.id} ended: ${how}`);
    // What was loaded into it for a tenant says nothing of starts.
    const isUnused = pooled.useCount === 0 && pooled.tenantId === undefined;
    const isStillborn = isFault && isUnused && pooled.ageMs < STILLBORN_MS;
    // Killed from outside: by an operator, or by the kernel for want of memory. That says nothing about the next one.
    if (isStillborn) this.#gate.failed(signal !== 'SIGKILL');
    this.#tellIfHopeless(new Error(`VM ${pooled.vm.id} ended: ${how}`));
    this.events.onGone(pooled, reason);
    this.events.onChange();
  }

  #tellIfHopeless(problem: Error): void {
    if (this.#gate.state === 'open' && this.fleet.size === 0) this.events.onHopeless(problem);
  }
}

function jittered(limit: number): number {
  return limit - Math.floor(Math.random() * JITTER * limit);
}

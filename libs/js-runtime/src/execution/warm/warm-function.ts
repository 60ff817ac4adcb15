import type { TenantPolicy } from '../../config/tenant-policy.ts';
import { JsRuntimeError } from '../../errors/js-runtime-error.ts';
import { LazyTimer } from '../../process/lazy-timer.ts';
import type { VmLease } from '../../pool/vm-lease.ts';
import type { VmPoolService } from '../../pool/vm-pool.service.ts';
import type { ExecutionBridge } from '../../bridge/execution-bridge.ts';
import type { ScriptRunner, Unmetered } from '../script-runner.ts';
import { LineDepth } from './line-depth.ts';
import type { WarmInvocation } from './warm-invocation.ts';
import { WarmLane, type LaneSource } from './warm-lane.ts';

/** How long a VM is kept when there is nothing to do: the next call mostly comes soon. */
const LINGER_MS = 5;
/** After so long a VM is given back when others wait for one: as long as a turn in the pool. */
const TURN_MS = 20;
/** Behind an invocation that takes longer than that nobody is to wait. */
const LONG_MS = 20;
const LOOK_MS = 10;
const RETRY_AFTER_MS = 100;

/** Invocations of one script of one tenant, and the VMs that it has for them. */
export class WarmFunction implements LaneSource {
  readonly depth = new LineDepth();
  readonly #queue: WarmInvocation[] = [];
  readonly #lanes = new Set<WarmLane>();
  #isAcquiring = false;
  readonly #lingering = new LazyTimer(() => {
    this.#releaseIdle();
  });
  readonly #deadlines = new LazyTimer(() => {
    this.#refuseLate();
  });
  #look: NodeJS.Timeout | undefined;

  constructor(
    readonly key: string,
    private readonly tenantId: string,
    private readonly policy: () => TenantPolicy,
    private readonly pool: VmPoolService,
    private readonly bridge: ExecutionBridge,
    private readonly runner: ScriptRunner,
    /** Nothing of it is left to do. */
    private readonly onIdle: () => void,
  ) {}

  get isIdle(): boolean {
    return this.#queue.length === 0 && this.#lanes.size === 0 && !this.#isAcquiring;
  }

  add(invocation: WarmInvocation): void {
    const { signal } = invocation.execution.budget;
    if (signal.aborted) {
      invocation.reject(cancelled());
      return;
    }
    const { tenantQueueSize } = this.policy();
    if (
      this.#queue.length >= tenantQueueSize &&
      this.#lanes.size > 0 &&
      ![...this.#lanes].some((lane) => !lane.isFull)
    ) {
      invocation.reject(this.#busy(`${this.#queue.length} invocations of the function wait: no more may`));
      return;
    }
    invocation.onCancel = () => {
      this.#drop(invocation, cancelled());
    };
    signal.addEventListener('abort', () => {
      invocation.onCancel();
    });
    this.#queue.push(invocation);
    this.#watchDeadlines();
    this.#serve();
  }

  next(lane: WarmLane): WarmInvocation | undefined {
    if (this.pool.waiting > 0 && performance.now() - lane.leasedAt > TURN_MS) return undefined;
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      if (!next.execution.budget.deadline.isOver) return next;
      next.reject(this.#late());
    }
    return undefined;
  }

  putBack(invocation: WarmInvocation): void {
    const { signal, deadline } = invocation.execution.budget;
    if (signal.aborted) {
      invocation.reject(cancelled());
      return;
    }
    if (deadline.isOver) {
      invocation.reject(this.#late());
      return;
    }
    invocation.onCancel = () => {
      this.#drop(invocation, cancelled());
    };
    this.#queue.unshift(invocation);
    setImmediate(() => {
      this.#serve();
    });
  }

  async runFirst({ vm }: VmLease, invocation: WarmInvocation): Promise<void> {
    const { execution, script, inputJson, callersContext } = invocation;
    execution.budget.tracker.hasVm();
    // The request that runs it has its own way to be cancelled.
    invocation.onCancel = () => undefined;
    try {
      const run = (): Promise<Unmetered> => this.runner.runIn(vm, execution, script, inputJson, this.key);
      invocation.resolve(await callersContext.runInAsyncScope(run));
    } catch (error) {
      invocation.reject(error);
    }
  }

  laneIsIdle(lane: WarmLane): void {
    const isNeeded = lane.lease.vm.alive && this.pool.waiting === 0;
    if (isNeeded) this.#lingering.set(LINGER_MS);
    else this.#release(lane);
  }

  #serve(): void {
    for (const lane of this.#lanes) {
      if (this.#queue.length === 0) return;
      if (!lane.isFull) lane.pump();
    }
    if (this.#queue.length > 0) this.#acquire();
  }

  #acquire(): void {
    const [first] = this.#queue;
    if (this.#isAcquiring || !first) return;
    this.#isAcquiring = true;
    const { deadline, signal, tracker } = first.execution.budget;
    const script = { key: first.script.id, maxMemoryMb: tracker.limits.maxMemoryMb };
    this.pool.acquire({ tenantId: this.tenantId, deadline, signal, script }).then(
      (lease) => {
        this.#isAcquiring = false;
        const lane = new WarmLane(lease, this, this.bridge);
        this.#lanes.add(lane);
        this.#look ??= setInterval(() => {
          for (const one of this.#lanes) one.lookAt(LONG_MS);
        }, LOOK_MS).unref();
        lane.pump();
        this.#serve();
      },
      (error: unknown) => {
        this.#isAcquiring = false;
        // Those that it has go on; another may be had later.
        if (this.#lanes.size > 0 && error instanceof JsRuntimeError && error.retryable) return;
        this.#drop(first, error);
        this.#serve();
        this.#tellIfIdle();
      },
    );
  }

  #drop(invocation: WarmInvocation, error: unknown): void {
    const index = this.#queue.indexOf(invocation);
    if (index < 0) return;
    this.#queue.splice(index, 1);
    invocation.reject(error);
  }

  #releaseIdle(): void {
    for (const lane of [...this.#lanes]) if (lane.isIdle) this.#release(lane);
  }

  #release(lane: WarmLane): void {
    if (!this.#lanes.delete(lane)) return;
    if (this.#lanes.size === 0) {
      clearInterval(this.#look);
      this.#look = undefined;
    }
    this.pool.giveBack(lane.lease);
    this.#serve();
    this.#tellIfIdle();
  }

  #tellIfIdle(): void {
    if (!this.isIdle) return;
    this.#lingering.close();
    this.#deadlines.close();
    this.onIdle();
  }

  /** Not each has a timer: mostly, who comes first has to be done first. */
  #watchDeadlines(): void {
    const [first] = this.#queue;
    if (first) this.#deadlines.set(first.execution.budget.deadline.remainingMs);
  }

  #refuseLate(): void {
    for (const invocation of [...this.#queue]) {
      if (invocation.execution.budget.deadline.isOver) this.#drop(invocation, this.#late());
    }
    this.#watchDeadlines();
  }

  #late(): JsRuntimeError {
    return this.#busy('The function was busy until the deadline');
  }

  #busy(message: string): JsRuntimeError {
    const { tenantConcurrency: allowed } = this.policy();
    const limit = { name: 'tenantConcurrency', allowed, used: this.#lanes.size };
    return new JsRuntimeError('TENANT_BUSY', message, { limit, retryAfterMs: RETRY_AFTER_MS });
  }
}

function cancelled(): JsRuntimeError {
  return new JsRuntimeError('CANCELLED', 'The execution was cancelled');
}

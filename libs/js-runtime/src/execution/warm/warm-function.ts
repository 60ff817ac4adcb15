import { Cancellation } from '../../admission/cancellation.ts';
import { JsRuntimeError } from '../../errors/js-runtime-error.ts';
import { LazyTimer } from '../../process/lazy-timer.ts';
import type { VmLease } from '../../pool/vm-lease.ts';
import type { VmPoolService } from '../../pool/vm-pool.service.ts';
import type { TenantUsageService } from '../../security/tenant-usage.service.ts';
import type { BridgedExecution } from '../../bridge/execution-bridge.ts';
import type { LinkedModules } from '../../process/linked-modules.ts';
import type { ScriptRunner } from '../script-runner.ts';
import type { BrokenRealms } from './broken-realms.ts';
import type { ImportChecks } from './import-checks.ts';
import { LineDepth } from './line-depth.ts';
import type { WarmInvocation } from './warm-invocation.ts';
import { WarmLane, type LaneSource } from './warm-lane.ts';

/** How long a VM is kept when there is nothing to do: the next call mostly comes soon. */
const LINGER_MS = 5;
/** After so long a VM is given back when others wait for one: as long as a turn in the pool. */
const TURN_MS = 20;
/**
 * And after so long, whoever waits: the pool sees to what a VM has become. No lease is so long that its VM loses priority for what
 * were many short invocations (see `VmWatch`).
 */
const LEASE_MS = 80;
/** Where they overlap, others begin beside those that wait for so long: until the last of these is answered, it cannot be given back. */
const OVERLAP_LEASE_MS = 10_000;
/** Behind an invocation that takes longer than that nobody is to wait. */
const LONG_MS = 20;
const LOOK_MS = 10;
/** No VM could be had, for a reason that passes: it is asked again then, unless one of its own comes free before. */
const ASK_AGAIN_MS = 100;

/** The version of no realm. */
const UNKNOWN = '?';

/** What a function needs of the pool. */
export type WarmPool = Pick<
  VmPoolService,
  'acquire' | 'giveBack' | 'waiting' | 'refusalBehind' | 'lateBehind' | 'waitBehind'
>;

/** Invocations of one script of one tenant, and the VMs that it has for them. */
export class WarmFunction implements LaneSource {
  readonly depth: LineDepth;
  version: string | undefined;
  #linked: LinkedModules | undefined;
  #arrived = 0;
  /** `performance.now()` when it was last refused a VM, and went on with those that it has. */
  #refusedAt = 0;
  /** Whether one of its realms was broken, and none has served since. */
  #isSuspected: boolean;
  readonly #queue: WarmInvocation[] = [];
  /** How many of them the pool knows of. */
  #counted = 0;
  readonly #lanes = new Set<WarmLane>();
  /** Cancels the lease that is waited for. */
  #acquiring: Cancellation | undefined;
  readonly #lingering = new LazyTimer(() => {
    this.#isLingering = false;
    this.#releaseIdleSince(performance.now() - LINGER_MS);
  });
  #isLingering = false;
  readonly #deadlines = new LazyTimer(() => {
    this.#refuseLate();
  });
  /** `performance.now()` for which that is set. */
  #nextDeadline = Infinity;
  #look: NodeJS.Timeout | undefined;
  #isServing = false;
  #isOver = false;

  constructor(
    readonly key: string,
    private readonly tenantId: string,
    private readonly pool: WarmPool,
    private readonly runner: Pick<ScriptRunner, 'runIn'>,
    private readonly usage: Pick<TenantUsageService, 'usedBeside'>,
    private readonly imports: Pick<ImportChecks, 'areCurrent'>,
    private readonly broken: Pick<BrokenRealms, 'isSuspected' | 'broke' | 'served'>,
    /** What modules are linked with as far as is known; null for what is no module. */
    linked: LinkedModules | null | undefined,
    /** Nothing of it is left to do; it is not to be used any more. */
    private readonly onIdle: () => void,
    /** How many of its invocations may be under way in one VM, each in a realm of its own. */
    readonly maxOverlap = 1,
  ) {
    this.depth = new LineDepth(maxOverlap);
    if (linked !== null) this.linked = linked;
    this.#isSuspected = broken.isSuspected(key);
  }

  /** What its modules import, as far as is known. */
  get linked(): LinkedModules | undefined {
    return this.#linked;
  }

  /** Undefined when they are to be linked anew. */
  set linked(linked: LinkedModules | undefined) {
    this.#linked = linked;
    this.version = linked?.version ?? UNKNOWN;
  }

  add(invocation: WarmInvocation): void {
    this.#arrived++;
    const { signal } = invocation.execution.budget;
    const waits = !invocation.isLetIn && (this.#queue.length > 0 || !this.#hasRoom);
    const refusal = signal.aborted ? cancelled() : this.pool.refusalBehind(this.tenantId, waits);
    if (refusal) {
      invocation.reject(refusal);
      this.#tellIfIdle();
      return;
    }
    signal.addEventListener('abort', () => {
      invocation.onCancel();
    });
    this.#enqueue(invocation);
    this.#serve();
    this.#hasChanged();
  }

  next(lane: WarmLane): WarmInvocation | undefined {
    if (!this.#mayKeep(lane)) return undefined;
    let next = this.#queue.shift();
    for (; next?.execution.budget.deadline.isOver; next = this.#queue.shift()) next.reject(this.#late(next));
    return next;
  }

  putBack(invocation: WarmInvocation): void {
    const over = this.whyOver(invocation);
    if (over) invocation.reject(over);
    else this.#enqueue(invocation);
    // When all are there that come back together.
    setImmediate(() => {
      this.#serve();
      this.#hasChanged();
      this.#tellIfIdle();
    });
  }

  whyOver(invocation: WarmInvocation): JsRuntimeError | undefined {
    const { signal, deadline } = invocation.execution.budget;
    if (signal.aborted) return cancelled();
    return deadline.isOver ? this.#late(invocation) : undefined;
  }

  async runFirst({ vm }: VmLease, invocation: WarmInvocation): Promise<void> {
    const { execution, script, inputJson, bridge } = invocation;
    const { tracker, trace } = execution.budget;
    tracker.hasVm();
    trace?.hasVm(vm.id);
    // The request that runs it has its own way to be cancelled.
    invocation.onCancel = () => undefined;
    const { key, tenantId } = this;
    const arrived = this.#arrived;
    const before = vm.linked(key);
    const run = async () => this.runner.runIn(vm, execution, script, inputJson, { keepAs: { key, tenantId }, bridge });
    try {
      invocation.resolve(await bridge.calls.inCallersContext(run));
    } catch (error) {
      invocation.reject(error);
    }
    const linked = vm.linked(key);
    if (linked && linked !== before && linked.version !== this.version)
      await this.#isLinked(linked, execution, arrived);
  }

  /** Who arrived since it was looked what modules there are is not to have older ones: once more, then. */
  async #isLinked(linked: LinkedModules, execution: BridgedExecution, arrived: number): Promise<void> {
    // Whoever comes from now on asks by itself.
    this.#linked = linked;
    try {
      const isCurrent = this.#arrived === arrived || (await this.imports.areCurrent(linked, execution));
      if (this.#linked === linked) this.linked = isCurrent ? linked : undefined;
    } catch {
      if (this.#linked === linked) this.linked = undefined;
    }
  }

  realmBroke(): void {
    this.broken.broke(this.key);
    this.#isSuspected = true;
  }

  realmServed(): void {
    if (!this.#isSuspected) return;
    this.broken.served(this.key);
    this.#isSuspected = false;
  }

  hasTaken(): void {
    this.#hasChanged();
  }

  laneIsIdle(lane: WarmLane): void {
    if (!lane.lease.vm.alive || this.pool.waiting > 0 || !this.#mayKeep(lane)) this.#release(lane);
    else this.#linger();
  }

  /** Gives back what it does not use. */
  releaseIdle(): void {
    this.#releaseIdleSince(Infinity);
  }

  /** Sends all away that wait. */
  refuseAll(makeError: () => JsRuntimeError): void {
    for (const invocation of this.#queue.splice(0)) invocation.reject(makeError());
    this.#hasChanged();
    this.#tellIfIdle();
  }

  get #hasRoom(): boolean {
    for (const lane of this.#lanes) if (!lane.isFull) return true;
    return false;
  }

  /** Whether a lane takes one more without another lease. */
  get #takesMore(): boolean {
    for (const lane of this.#lanes) if (!lane.isFull && this.#mayKeep(lane)) return true;
    return false;
  }

  #mayKeep(lane: WarmLane): boolean {
    const leasedMs = performance.now() - lane.leasedAt;
    if (leasedMs < TURN_MS) return true;
    // Where one waits, others are begun beside it: another VM for this function is no reason to give this one back.
    const own = this.maxOverlap > 1 && this.#acquiring ? 1 : 0;
    if (this.pool.waiting > own) return false;
    return leasedMs < (this.maxOverlap > 1 && !lane.isIdle ? OVERLAP_LEASE_MS : LEASE_MS);
  }

  #enqueue(invocation: WarmInvocation): void {
    invocation.onCancel = () => {
      this.#drop(invocation, cancelled());
    };
    const { number } = invocation;
    let index = this.#queue.length;
    while (index > 0 && (this.#queue[index - 1]?.number ?? 0) > number) index--;
    this.#queue.splice(index, 0, invocation);
    this.#watchDeadline(invocation);
  }

  #serve(): void {
    // A lane that is given back asks for this as well.
    if (this.#isServing) return;
    this.#isServing = true;
    for (const lane of this.#lanes) {
      if (this.#queue.length === 0) break;
      if (!lane.isFull) lane.pump();
    }
    this.#isServing = false;
    if (this.#queue.length > 0) this.#acquire();
  }

  #acquire(): void {
    const [first] = this.#queue;
    if (this.#acquiring || !first) return;
    const signal = (this.#acquiring = new Cancellation());
    const { deadline, tracker } = first.execution.budget;
    const script = { key: first.script.id, maxMemoryMb: tracker.limits.maxMemoryMb, realmKey: this.key };
    this.pool.acquire({ tenantId: this.tenantId, deadline, signal, script, isStandIn: true }).then(
      (lease) => {
        this.#acquiring = undefined;
        this.#begin(new WarmLane(lease, this));
      },
      (error: unknown) => {
        this.#acquiring = undefined;
        this.#hasNoLease(first, error);
      },
    );
  }

  #begin(lane: WarmLane): void {
    this.#lanes.add(lane);
    this.#look ??= setInterval(() => {
      this.#lookAtLanes();
    }, LOOK_MS).unref();
    lane.pump();
    this.#serve();
    this.#hasChanged();
  }

  #hasNoLease(first: WarmInvocation, error: unknown): void {
    const waits = this.#queue.includes(first);
    const isPassing = error instanceof JsRuntimeError && error.retryable && !first.execution.budget.deadline.isOver;
    // Those VMs that it has go on.
    if (waits && isPassing && this.#lanes.size > 0) {
      this.#refusedAt = performance.now();
      return;
    }
    this.#drop(first, error);
    this.#serve();
    this.#tellIfIdle();
  }

  #lookAtLanes(): void {
    for (const lane of this.#lanes) lane.lookAt(LONG_MS);
    if (this.#queue.length === 0) this.#acquiring?.cancel();
    else if (performance.now() - this.#refusedAt > ASK_AGAIN_MS && !this.#takesMore) this.#acquire();
  }

  #drop(invocation: WarmInvocation, error: unknown): void {
    const index = this.#queue.indexOf(invocation);
    if (index < 0) return;
    this.#queue.splice(index, 1);
    invocation.reject(error);
    this.#hasChanged();
  }

  #linger(): void {
    if (this.#isLingering) return;
    this.#isLingering = true;
    this.#lingering.set(LINGER_MS);
  }

  #releaseIdleSince(before: number): void {
    let isOneLeft = false;
    for (const lane of [...this.#lanes]) {
      if (!lane.isIdle) continue;
      if (lane.idleSince <= before) this.#release(lane);
      else isOneLeft = true;
    }
    if (isOneLeft) this.#linger();
  }

  #release(lane: WarmLane): void {
    if (!this.#lanes.delete(lane)) return;
    if (this.#lanes.size === 0) {
      clearInterval(this.#look);
      this.#look = undefined;
    }
    this.usage.usedBeside(this.tenantId, lane.cpu.restMs());
    this.pool.giveBack(lane.lease);
    this.#serve();
    this.#hasChanged();
    this.#tellIfIdle();
  }

  /** The pool counts who waits. */
  #hasChanged(): void {
    const { length } = this.#queue;
    // Without VMs nobody looks.
    if (length === 0 && this.#lanes.size === 0) this.#acquiring?.cancel();
    if (length === this.#counted) return;
    const more = length - this.#counted;
    this.#counted = length;
    this.pool.waitBehind(this.tenantId, more);
  }

  #tellIfIdle(): void {
    if (this.#isOver || this.#queue.length > 0 || this.#lanes.size > 0 || this.#acquiring) return;
    this.#isOver = true;
    this.#lingering.close();
    this.#deadlines.close();
    this.onIdle();
  }

  /** They have one timer, set for the first of them that is due. */
  #watchDeadline({ execution }: WarmInvocation): void {
    const { endsAt, remainingMs } = execution.budget.deadline;
    if (endsAt >= this.#nextDeadline) return;
    this.#nextDeadline = endsAt;
    this.#deadlines.set(remainingMs);
  }

  #refuseLate(): void {
    this.#nextDeadline = Infinity;
    for (const invocation of [...this.#queue]) {
      if (invocation.execution.budget.deadline.isOver) this.#drop(invocation, this.#late(invocation));
      else this.#watchDeadline(invocation);
    }
    this.#tellIfIdle();
  }

  #late({ execution }: WarmInvocation): JsRuntimeError {
    return this.pool.lateBehind(this.tenantId, execution.budget.deadline);
  }
}

function cancelled(): JsRuntimeError {
  return new JsRuntimeError('CANCELLED', 'The execution was cancelled');
}

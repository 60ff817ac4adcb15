import { explainVmGone } from '../../errors/explain-vm-gone.ts';
import { JsRuntimeError } from '../../errors/js-runtime-error.ts';
import type { VmLease } from '../../pool/vm-lease.ts';
import type { InvocationReply } from '../../process/invocation-line.ts';
import { VmGoneError } from '../../process/vm-gone.error.ts';
import type { PartSpan } from '../../tracing/part-span.ts';
import { readOutcome } from '../read-outcome.ts';
import type { LineDepth } from './line-depth.ts';
import { LeaseCpu } from './lease-cpu.ts';
import type { WarmInvocation } from './warm-invocation.ts';

/** What a lane takes from, and gives back to. */
export interface LaneSource {
  readonly key: string;
  /** Of what the modules of its realms import; undefined where there are none. */
  readonly version: string | undefined;
  readonly depth: LineDepth;
  /** How many may be under way in one VM. */
  readonly maxOverlap: number;
  /** The next that is to run; undefined when there is none, or the VM is to be given back. */
  next(lane: WarmLane): WarmInvocation | undefined;
  /** Some were taken, and more are not wanted for now. */
  hasTaken(): void;
  /** It has not begun: it is the next again. */
  putBack(invocation: WarmInvocation): void;
  /** Runs one in a realm that is kept then. */
  runFirst(lease: VmLease, invocation: WarmInvocation): Promise<void>;
  /** Its realm was not as it should be. */
  realmBroke(): void;
  /** Its realm was, and has run one. */
  realmServed(): void;
  /** Nothing is under way any more, or its VM has ended. */
  laneIsIdle(lane: WarmLane): void;
}

/** With less of the time since the last look spent on a CPU, those that are under way wait. */
const IDLE = 0.2;

/** A VM that one function has for a while. */
export class WarmLane {
  readonly lease: VmLease;
  readonly leasedAt = performance.now();
  readonly cpu: LeaseCpu;
  readonly #source: LaneSource;
  readonly #sent: WarmInvocation[] = [];
  /** When the oldest became that. */
  #oldestSince = 0;
  /** When one was answered, began or called for the last time. */
  #progressAt = 0;
  #isRunningFirst = false;
  /** Nothing has come of it for long: nothing is sent behind what is there. */
  #isStuck = false;
  /** Nothing has come of it for long, but it does nothing either. */
  #isWaiting = false;
  /** How many have made calls. */
  #calling = 0;
  /** What its VM had used before. */
  readonly #cpuMsBefore: number;
  #looked = { at: 0, cpuMs: 0 };
  /** Its realm is gone: what is under way comes back before another is made. */
  #isRealmGone = false;
  #idleSince = 0;

  constructor(lease: VmLease, source: LaneSource) {
    this.lease = lease;
    this.cpu = new LeaseCpu(lease.vm);
    this.#source = source;
    this.#cpuMsBefore = (source.maxOverlap > 1 ? lease.vm.cpuMs() : undefined) ?? 0;
  }

  get isIdle(): boolean {
    return this.#sent.length === 0 && !this.#isRunningFirst;
  }

  /** `performance.now()` at which it became that. */
  get idleSince(): number {
    return this.#idleSince;
  }

  /** What its VM has used since it was leased; endless where nobody knows, or nothing may overlap in it. */
  get usedCpuMs(): number {
    const cpuMs = this.#source.maxOverlap > 1 ? this.lease.vm.cpuMs() : undefined;
    return cpuMs === undefined ? Infinity : cpuMs - this.#cpuMsBefore;
  }

  get isFull(): boolean {
    return this.#isRunningFirst || this.#isStuck || this.#isRealmGone || this.#sent.length >= this.#most;
  }

  /** Behind those that wait there may be one more, to begin beside them. */
  get #most(): number {
    const { depth, maxOverlap } = this.#source;
    if (maxOverlap === 1) return depth.most;
    return Math.max(depth.most, Math.min(maxOverlap, this.#isWaiting ? maxOverlap : this.#calling + 1));
  }

  /** Takes as much as it may have under way. */
  pump(): void {
    const { vm } = this.lease;
    while (!this.isFull && vm.alive) {
      const invocation = this.#source.next(this);
      if (!invocation) break;
      const { key, version } = this.#source;
      const realm = vm.warmRealm(key, invocation.execution.budget.tracker.limits.maxMemoryMb, version);
      if (realm !== undefined) {
        this.#send(realm, invocation);
      } else if (this.isIdle) {
        this.#runFirst(invocation);
      } else {
        this.#isRealmGone = true;
        this.#source.putBack(invocation);
      }
    }
    this.#source.hasTaken();
    this.#tellIfIdle();
  }

  /** What has not begun for long is asked back. To be called every now and then. */
  lookAt(longMs: number): void {
    const { vm } = this.lease;
    this.cpu.look();
    if (this.#sent.length === 0 || !vm.alive) return;
    // One that was cancelled when it was behind another, and has begun before it was asked back.
    for (const one of [...this.#sent]) if (one.execution.budget.signal.aborted) one.onCancel();
    // That may have ended it.
    if (!this.lease.vm.alive) return;
    const isIdle = this.#source.maxOverlap > 1 && this.#isVmIdle();
    const isLong = performance.now() - this.#progressAt > longMs;
    this.#isWaiting = isLong && isIdle;
    if (!isLong) return;
    this.#isStuck = !isIdle;
    if (this.#sent.length > 1) vm.recall();
    if (this.#isWaiting) this.pump();
  }

  /** Whether its VM has hardly used a CPU since the last look. */
  #isVmIdle(): boolean {
    const now = performance.now();
    const cpuMs = this.lease.vm.cpuMs();
    const { at, cpuMs: before } = this.#looked;
    this.#looked = { at: now, cpuMs: cpuMs ?? 0 };
    return cpuMs !== undefined && at > 0 && cpuMs - before < IDLE * (now - at);
  }

  #runFirst(invocation: WarmInvocation): void {
    this.#isRunningFirst = true;
    const { tracker } = invocation.execution.budget;
    const before = tracker.used?.cpuMs ?? 0;
    void this.#source.runFirst(this.lease, invocation).finally(() => {
      this.cpu.charged((tracker.used?.cpuMs ?? 0) - before);
      this.#isRunningFirst = false;
      this.pump();
    });
  }

  #send(realm: number, invocation: WarmInvocation): void {
    const { execution, inputJson, bridge } = invocation;
    const { tracker, deadline, signal, trace } = execution.budget;
    const { vm } = this.lease;
    tracker.hasVm();
    trace?.hasVm(vm.id);
    tracker.hasCode('hit');
    const span = trace?.begin('run');
    if (this.#sent.push(invocation) === 1) this.#oldestSince = this.#progressAt = performance.now();
    invocation.onCancel = () => {
      // What is behind it is asked back; it goes elsewhere when the VM is ended.
      if (overlaps) vm.cancel(id);
      else if (this.#sent[0] === invocation) vm.kill('cancelled');
      else vm.recall();
    };
    const overlaps = this.#source.maxOverlap > 1;
    let beganAt: number | undefined;
    let hasCalled = false;
    const over = (): void => {
      if (hasCalled) this.#calling--;
      this.#over(invocation);
    };
    const id = vm.invoke(realm, {
      executionId: execution.id,
      timeoutMs: deadline.remainingMs,
      deadlineMs: deadline.remainingMs,
      contextJson: bridge.commonJson,
      inputJson,
      limits: tracker.limits,
      onCall: (call) => {
        bridge.calls.onCall(call);
        if (hasCalled || !overlaps) return;
        hasCalled = true;
        this.#calling++;
        this.#hasProgress(performance.now());
        if (!this.isFull) this.pump();
      },
      onBegan: () => {
        beganAt = performance.now();
        this.#hasProgress(beganAt);
      },
      onReply: (reply) => {
        const isOldest = this.#sent[0] === invocation;
        over();
        const now = performance.now();
        this.#source.depth.took(now - (beganAt ?? this.#oldestSince), reply.cpuMs);
        if (isOldest) this.#oldestSince = now;
        this.#hasProgress(now);
        this.#settle(invocation, reply, span);
        this.pump();
      },
      onRecalled: () => {
        over();
        span?.end('CANCELLED');
        this.#source.putBack(invocation);
        this.#tellIfIdle();
      },
      onGone: (error, hasBegun) => {
        over();
        if (hasBegun || signal.aborted) {
          bridge.calls.end();
          tracker.hasUsed(error.used);
          const why = signal.aborted ? new VmGoneError('cancelled', error.used) : error;
          this.cpu.charged(error.used?.cpuMs ?? 0);
          invocation.reject(explainVmGone(why, tracker.limits, tracker.elapsedMs, tracker.used));
        } else {
          span?.end('CANCELLED');
          this.#source.putBack(invocation);
        }
        this.#tellIfIdle();
      },
    });
  }

  #hasProgress(at: number): void {
    this.#progressAt = at;
    this.#isStuck = false;
  }

  #over(invocation: WarmInvocation): void {
    // Whoever cancels it now comes too late, and its VM may be another's by then.
    invocation.onCancel = () => undefined;
    this.#sent.splice(this.#sent.indexOf(invocation), 1);
    if (this.#sent.length === 0) this.#isStuck = this.#isWaiting = this.#isRealmGone = false;
  }

  #tellIfIdle(): void {
    if (!this.isIdle) return;
    this.#idleSince = performance.now();
    this.#source.laneIsIdle(this);
  }

  #settle(invocation: WarmInvocation, reply: InvocationReply, span: PartSpan | undefined): void {
    const { bridge, execution } = invocation;
    const { id, budget } = execution;
    const { tracker } = budget;
    const { vm } = this.lease;
    if (reply.outcome.kind === 'not-held') {
      // Those that were sent behind it are told the same; and where its isolate was replaced, all realms are gone already.
      if (vm.keeps(this.#source.key, tracker.limits.maxMemoryMb)) this.#source.realmBroke();
      vm.forget(this.#source.key);
      span?.end('CANCELLED');
      this.#source.putBack(invocation);
      return;
    }
    this.#source.realmServed();
    bridge.calls.end();
    // Its realm is gone, and maybe the only one. To be told so next would look as if somebody had broken it.
    if (isUnfinished(reply.outcome.kind) && this.#sent.length === 0) vm.forget(this.#source.key);
    // It is believed only as far as it can be true.
    const cpuMs = Math.min(reply.cpuMs, tracker.elapsedMs);
    const used = { cpuMs, peakMemoryBytes: vm.lastSeenBytes ?? reply.heapBytes };
    tracker.hasUsed(used);
    this.cpu.charged(cpuMs);
    tracker.hasReply(reply);
    try {
      const value = readOutcome(reply, tracker.limits, tracker.elapsedMs, tracker.used ?? used, [], bridge.calls);
      span?.end();
      invocation.resolve({ executionId: id, value, logs: reply.logs, vmId: vm.id });
    } catch (error) {
      if (error instanceof JsRuntimeError) {
        if (error.code === 'VM_CRASHED' && reply.outcome.kind !== 'lost') vm.kill('protocol');
        Object.assign(error, { logs: reply.logs });
      }
      invocation.reject(error);
    }
  }
}

function isUnfinished(kind: InvocationReply['outcome']['kind']): boolean {
  return kind === 'timed-out' || kind === 'out-of-cpu' || kind === 'cancelled';
}

import { explainVmGone, wallTimeLimitExceeded } from '../../errors/explain-vm-gone.ts';
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
  /** Why nobody waits for it any more, if so: it was cancelled, or its deadline has passed. */
  whyOver(invocation: WarmInvocation): JsRuntimeError | undefined;
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
/** A VM that is not busy says by itself within that time that one is over. */
const TELLS_WITHIN_MS = 100;
/** For so long nothing is sent to begin beside others where nothing has begun. */
const REFUSES_MS = 500;
/** What is sent ahead may wait in the pipe and in the VM: more brings nothing, and takes memory of both. */
const MAX_CHARS_IN_LINE = 256 * 1024;

/** One that was sent. */
interface Sent {
  readonly invocation: WarmInvocation;
  readonly span: PartSpan | undefined;
  /** `performance.now()` when it was said that it begins beside others. */
  beganAt: number | undefined;
  hasCalled: boolean;
  /** `performance.now()` when it was first seen that nobody waits for it any more, if it had begun by then. */
  overSince: number | undefined;
  /** Nobody waits for it any more, whatever it comes to. */
  isAbandoned: boolean;
}

/** A VM that one function has for a while. */
export class WarmLane {
  readonly lease: VmLease;
  readonly leasedAt = performance.now();
  readonly cpu: LeaseCpu;
  readonly #source: LaneSource;
  readonly #sent: Sent[] = [];
  /** Of their inputs. */
  #charsInLine = 0;
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
  /** `performance.now()` until which its VM is taken not to begin any: it was idle, and did not. */
  #refusesUntil = 0;
  #looked = { at: 0, cpuMs: 0 };
  /** Its realm is gone: what is under way comes back before another is made. */
  #isRealmGone = false;
  #idleSince = 0;

  constructor(lease: VmLease, source: LaneSource) {
    this.lease = lease;
    this.cpu = new LeaseCpu(lease.vm);
    this.#source = source;
  }

  get isIdle(): boolean {
    return this.#sent.length === 0 && !this.#isRunningFirst;
  }

  /** `performance.now()` at which it became that. */
  get idleSince(): number {
    return this.#idleSince;
  }

  get isFull(): boolean {
    if (this.#isRunningFirst || this.#isStuck || this.#isRealmGone) return true;
    if (this.#refusesUntil > 0 && performance.now() < this.#refusesUntil) return true;
    return this.#sent.length >= this.#most || this.#charsInLine > MAX_CHARS_IN_LINE;
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
    const isIdle = this.#overlaps && this.#isVmIdle();
    const sinceProgressMs = performance.now() - this.#progressAt;
    const isLong = sinceProgressMs > longMs;
    const isDue = sinceProgressMs > TELLS_WITHIN_MS;
    // One that was cancelled when it was behind another, and has begun before it was asked back.
    for (const one of [...this.#sent]) {
      if (one.invocation.execution.budget.signal.aborted && this.#hasBegun(one) && (isDue || this.#overlaps)) {
        one.invocation.onCancel();
      }
    }
    // That may have ended it.
    if (!this.lease.vm.alive) return;
    if (this.#overlaps && this.#sent.length > 1) {
      for (const one of [...this.#sent]) if (this.#hasBegun(one)) this.#abandonIfLongOver(one);
    }
    this.#isWaiting = isLong && isIdle;
    if (!isLong) return;
    this.#isStuck = !isIdle;
    const behind = this.#sent.filter((one) => !this.#hasBegun(one));
    if (behind.length > 0) {
      vm.recall();
      // Its isolate is to be replaced, for one.
      if (isIdle) this.#refusesUntil = performance.now() + REFUSES_MS;
      for (const one of behind) this.#abandonIfOver(one);
    }
    if (this.#isWaiting) this.pump();
  }

  get #overlaps(): boolean {
    return this.#source.maxOverlap > 1;
  }

  /** As far as is known here. */
  #hasBegun(sent: Sent): boolean {
    return sent === this.#sent[0] || sent.beganAt !== undefined;
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
    const sent: Sent = {
      invocation,
      span,
      beganAt: undefined,
      hasCalled: false,
      overSince: undefined,
      isAbandoned: false,
    };
    if (this.#sent.push(sent) === 1) this.#oldestSince = this.#progressAt = performance.now();
    this.#charsInLine += inputJson.length;
    invocation.onCancel = () => {
      const hasBegun = this.#hasBegun(sent);
      // What is behind it is asked back; it goes elsewhere when the VM is ended.
      if (this.#overlaps) vm.cancel(id);
      else if (hasBegun) vm.kill('cancelled');
      else vm.recall();
      if (!hasBegun) this.#abandonIfOver(sent);
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
        if (sent.hasCalled || !this.#overlaps) return;
        sent.hasCalled = true;
        this.#calling++;
        this.#hasProgress(performance.now());
        if (!this.isFull) this.pump();
      },
      onBegan: () => {
        sent.beganAt = performance.now();
        this.#hasProgress(sent.beganAt);
      },
      onReply: (reply) => {
        const isOldest = this.#sent[0] === sent;
        this.#over(sent);
        const now = performance.now();
        this.#source.depth.took(now - (sent.beganAt ?? this.#oldestSince), reply.cpuMs);
        if (isOldest) this.#oldestSince = now;
        this.#hasProgress(now);
        this.#settle(sent, reply);
        this.pump();
      },
      onRecalled: () => {
        this.#over(sent);
        this.#putBack(sent);
        this.#tellIfIdle();
      },
      onGone: (error, hasBegun) => {
        this.#over(sent);
        if (hasBegun || signal.aborted) {
          bridge.calls.end();
          tracker.hasUsed(error.used);
          const why = signal.aborted ? new VmGoneError('cancelled', error.used) : error;
          this.cpu.charged(error.used?.cpuMs ?? 0);
          invocation.reject(explainVmGone(why, tracker.limits, tracker.elapsedMs, tracker.used));
        } else {
          this.#putBack(sent);
        }
        this.#tellIfIdle();
      },
    });
  }

  #hasProgress(at: number): void {
    this.#progressAt = at;
    this.#isStuck = false;
    this.#refusesUntil = 0;
  }

  /** It waits behind one that is at work, which may not read what it is asked for a long time. */
  #abandonIfOver(sent: Sent): void {
    if (sent.isAbandoned) return;
    const over = this.#source.whyOver(sent.invocation);
    if (over) this.#abandon(sent, over);
  }

  /** It waits, and another one keeps its VM from saying that it is over. */
  #abandonIfLongOver(sent: Sent): void {
    if (sent.isAbandoned) return;
    const { invocation } = sent;
    const { signal, deadline, tracker } = invocation.execution.budget;
    const over = this.#source.whyOver(invocation);
    if (!over) return;
    const now = performance.now();
    sent.overSince ??= now;
    if (now - sent.overSince < TELLS_WITHIN_MS) return;
    const isLate = deadline.isOver && !signal.aborted;
    this.#abandon(sent, isLate ? wallTimeLimitExceeded(tracker.limits.timeoutMs, tracker.elapsedMs) : over);
  }

  #abandon(sent: Sent, why: JsRuntimeError): void {
    sent.isAbandoned = true;
    sent.invocation.bridge.calls.end();
    sent.span?.end(why.code);
    sent.invocation.reject(why);
  }

  #putBack({ invocation, isAbandoned, span }: Sent): void {
    if (isAbandoned) return;
    span?.end('CANCELLED');
    this.#source.putBack(invocation);
  }

  #over(sent: Sent): void {
    const { invocation } = sent;
    // Whoever cancels it now comes too late, and its VM may be another's by then.
    invocation.onCancel = () => undefined;
    this.#charsInLine -= invocation.inputJson.length;
    if (sent.hasCalled) this.#calling--;
    this.#sent.splice(this.#sent.indexOf(sent), 1);
    if (this.#sent.length === 0) this.#isStuck = this.#isWaiting = this.#isRealmGone = false;
  }

  #tellIfIdle(): void {
    if (!this.isIdle) return;
    this.#idleSince = performance.now();
    this.#source.laneIsIdle(this);
  }

  #settle(sent: Sent, reply: InvocationReply): void {
    const { invocation, isAbandoned, span } = sent;
    const { bridge, execution } = invocation;
    const { id, budget } = execution;
    const { tracker } = budget;
    const { vm } = this.lease;
    if (reply.outcome.kind === 'not-held') {
      // Those that were sent behind it are told the same; and where its isolate was replaced, all realms are gone already.
      if (vm.keeps(this.#source.key, tracker.limits.maxMemoryMb)) this.#source.realmBroke();
      vm.forget(this.#source.key);
      this.#putBack(sent);
      return;
    }
    this.#source.realmServed();
    // Its realm is gone, and maybe the only one. To be told so next would look as if somebody had broken it.
    const isLast = !this.#overlaps || this.#sent.length === 0;
    if (isUnfinished(reply.outcome.kind) && isLast) vm.forget(this.#source.key);
    if (isAbandoned) return;
    bridge.calls.end();
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

import { explainVmGone } from '../../errors/explain-vm-gone.ts';
import { JsRuntimeError } from '../../errors/js-runtime-error.ts';
import type { VmLease } from '../../pool/vm-lease.ts';
import type { InvocationReply } from '../../process/invocation-line.ts';
import type { ExecutionBridge, WarmBridge } from '../../bridge/execution-bridge.ts';
import { readOutcome } from '../read-outcome.ts';
import type { LineDepth } from './line-depth.ts';
import type { WarmInvocation } from './warm-invocation.ts';

/** What a lane takes from, and gives back to. */
export interface LaneSource {
  readonly key: string;
  readonly depth: LineDepth;
  /** The next that is to run; undefined when there is none, or the VM is to be given back. */
  next(lane: WarmLane): WarmInvocation | undefined;
  /** It has not begun: it is the next again. */
  putBack(invocation: WarmInvocation): void;
  /** Runs one in a realm that is kept then. */
  runFirst(lease: VmLease, invocation: WarmInvocation): Promise<void>;
  /** Nothing is under way any more, or its VM has ended. */
  laneIsIdle(lane: WarmLane): void;
}

interface Sent {
  readonly invocation: WarmInvocation;
  readonly bridge: WarmBridge;
}

/** A VM that one function has for a while. */
export class WarmLane {
  readonly lease: VmLease;
  readonly leasedAt = performance.now();
  readonly #source: LaneSource;
  readonly #bridge: ExecutionBridge;
  readonly #sent: Sent[] = [];
  /** When the oldest became that. */
  #oldestSince = 0;
  #isRunningFirst = false;

  constructor(lease: VmLease, source: LaneSource, bridge: ExecutionBridge) {
    this.lease = lease;
    this.#source = source;
    this.#bridge = bridge;
  }

  get isIdle(): boolean {
    return this.#sent.length === 0 && !this.#isRunningFirst;
  }

  get isFull(): boolean {
    return this.#isRunningFirst || this.#sent.length >= this.#source.depth.most;
  }

  /** Takes as much as it may have under way. */
  pump(): void {
    const { vm } = this.lease;
    while (!this.isFull && vm.alive) {
      const invocation = this.#source.next(this);
      if (!invocation) break;
      const realm = vm.warmRealm(this.#source.key, invocation.execution.budget.tracker.limits.maxMemoryMb);
      if (realm !== undefined) {
        this.#send(realm, invocation);
      } else if (this.isIdle) {
        this.#runFirst(invocation);
      } else {
        this.#source.putBack(invocation);
        break;
      }
    }
    if (this.isIdle) this.#source.laneIsIdle(this);
  }

  /** What is behind one that takes long is asked back. To be called every now and then. */
  lookAt(longMs: number): void {
    if (this.#sent.length > 1 && performance.now() - this.#oldestSince > longMs) this.lease.vm.recall();
  }

  #runFirst(invocation: WarmInvocation): void {
    this.#isRunningFirst = true;
    void this.#source.runFirst(this.lease, invocation).finally(() => {
      this.#isRunningFirst = false;
      this.pump();
    });
  }

  #send(realm: number, invocation: WarmInvocation): void {
    const { execution, inputJson } = invocation;
    const { tracker, deadline, signal, trace } = execution.budget;
    const { vm } = this.lease;
    tracker.hasVm();
    trace?.hasVm(vm.id);
    tracker.hasCode('hit');
    const bridge = this.#bridge.openWarm(execution, invocation.callersContext);
    const sent: Sent = { invocation, bridge };
    if (this.#sent.push(sent) === 1) this.#oldestSince = performance.now();
    invocation.onCancel = () => {
      // What is behind it is asked back; it goes elsewhere when the VM is ended.
      if (this.#sent[0] === sent) vm.kill('cancelled');
      else vm.recall();
    };
    vm.invoke(realm, {
      executionId: execution.id,
      timeoutMs: deadline.remainingMs,
      deadlineMs: deadline.remainingMs,
      contextJson: bridge.contextJson,
      inputJson,
      limits: tracker.limits,
      onCall: bridge.calls.onCall.bind(bridge.calls),
      onReply: (reply) => {
        this.#over(sent);
        this.#source.depth.took(performance.now() - this.#oldestSince);
        this.#oldestSince = performance.now();
        this.#settle(sent, reply);
        // The next one was cancelled while it waited behind this.
        const [oldest] = this.#sent;
        if (oldest?.invocation.execution.budget.signal.aborted) vm.kill('cancelled');
        else this.pump();
      },
      onRecalled: () => {
        this.#over(sent);
        this.#source.putBack(invocation);
      },
      onGone: (error, hasBegun) => {
        this.#over(sent);
        if (hasBegun || signal.aborted) {
          tracker.hasUsed(error.used);
          invocation.reject(explainVmGone(error, tracker.limits, tracker.elapsedMs, tracker.used));
        } else {
          this.#source.putBack(invocation);
        }
        if (this.isIdle) this.#source.laneIsIdle(this);
      },
    });
  }

  #over(sent: Sent): void {
    sent.bridge.calls.end();
    this.#sent.splice(this.#sent.indexOf(sent), 1);
  }

  #settle({ invocation, bridge }: Sent, reply: InvocationReply): void {
    const { id, budget } = invocation.execution;
    const { tracker } = budget;
    const { vm } = this.lease;
    if (reply.outcome.kind === 'not-held') {
      vm.forget(this.#source.key);
      this.#source.putBack(invocation);
      return;
    }
    // It is believed only as far as it can be true.
    const used = { cpuMs: Math.min(reply.cpuMs, tracker.elapsedMs), peakMemoryBytes: 0 };
    tracker.hasUsed(used);
    tracker.hasReply(reply);
    try {
      const value = readOutcome(reply, tracker.limits, tracker.elapsedMs, tracker.used ?? used, [], bridge.calls);
      invocation.resolve({ executionId: id, value, logs: reply.logs, vmId: vm.id });
    } catch (error) {
      if (error instanceof JsRuntimeError) {
        if (error.code === 'VM_CRASHED') vm.kill('protocol');
        Object.assign(error, { logs: reply.logs });
      }
      invocation.reject(error);
    }
  }
}

import { encodeFrame, ProtocolError } from '../protocol/frame.ts';
import type {
  AllowedCalls,
  InvocationHeader,
  LogEntry,
  OutputLimits,
  RunOutcome,
  VmMessage,
} from '../protocol/messages.ts';
import type { PlainAnswer } from '../protocol/plain-answer.ts';
import { isLogTooLong } from './reply-size.ts';
import type { MeterLimits } from './run-meter.ts';
import type { Caller, OnCall } from './caller.ts';
import type { VmGoneError } from './vm-gone.error.ts';

/** What an invocation came to. */
export interface InvocationReply {
  readonly outcome: RunOutcome;
  readonly logs: readonly LogEntry[];
  /** As the VM says. */
  readonly cpuMs: number;
  readonly heapBytes: number;
  readonly resultJson: string;
  readonly resultBytes: number;
}

/** One invocation of a warm realm. Exactly one of its functions is called, once. */
export interface InvocationRequest {
  readonly executionId: string;
  readonly timeoutMs: number;
  readonly deadlineMs: number;
  /** What its context has beside `executionId` and `deadlineMs`. */
  readonly contextJson: string;
  /** Empty for no input. */
  readonly inputJson: string;
  readonly limits: OutputLimits & MeterLimits & Pick<AllowedCalls, 'maxApiArgumentBytes'>;
  readonly onCall: OnCall | undefined;
  onReply(reply: InvocationReply): void;
  /** It has not begun, and will not: it can be run elsewhere. */
  onRecalled(): void;
  /** The VM has ended. @param hasBegun whether it may have begun; else it can be run elsewhere */
  onGone(error: VmGoneError, hasBegun: boolean): void;
}

interface Pending extends Caller {
  readonly request: InvocationRequest;
  readonly sentAt: number;
}

export interface InvocationPorts {
  nextId(): number;
  write(frame: Buffer): void;
  /** Whether the VM has to see to `maxCpuMs` itself. */
  metersItself(): boolean;
  /** One was answered; whoever asked does not know yet. */
  onOutcome(outcome: RunOutcome): void;
}

/** Invocations that were sent to one VM and are not answered. It runs them one after the other, in this order. */
export class InvocationLine {
  /**
   * In order of their ids. No map: a table of one that V8 has made old keeps all that come after it, and what is in them, until a
   * collection of the whole heap.
   */
  readonly #pending: Pending[] = [];
  readonly #ports: InvocationPorts;
  /** What each realm was last told of its contexts. */
  readonly #contexts = new Map<number, string>();
  #realm = 0;
  #items: InvocationHeader[] = [];
  #texts: string[] = [];
  #isScheduled = false;
  /** Ids that were asked back, and the last of them. */
  readonly #askedBack = new Set<number>();
  #askedBackUntil = 0;
  /** Questions that are not answered. */
  #recalls = 0;
  /** The VM has said that it runs nothing any more. */
  #hasRunDry = false;

  constructor(ports: InvocationPorts) {
    this.#ports = ports;
  }

  get size(): number {
    return this.#pending.length;
  }

  has(id: number): boolean {
    return this.callerOf(id) !== undefined;
  }

  /** The one that runs, as far as can be known. */
  get oldest(): InvocationRequest | undefined {
    return this.#pending[0]?.request;
  }

  /** By how much the oldest is late; negative while it has time. It has all that it may take from when it was sent. */
  get lateMs(): number {
    const [oldest] = this.#pending;
    return oldest ? performance.now() - oldest.sentAt - oldest.request.timeoutMs : -Infinity;
  }

  callerOf(id: number): Caller | undefined {
    return this.#pending.find((pending) => pending.id === id);
  }

  /** Sends one; those that are sent at about the same time leave together. */
  send(realm: number, request: InvocationRequest): void {
    if (realm !== this.#realm) this.#flush();
    this.#realm = realm;
    const { executionId, timeoutMs, deadlineMs, contextJson, inputJson, limits, onCall } = request;
    const id = this.#ports.nextId();
    const isNew = this.#contexts.get(realm) !== contextJson;
    if (isNew) {
      this.#contexts.set(realm, contextJson);
      this.#texts.push(contextJson);
    }
    const header = [id, timeoutMs, executionId, deadlineMs, isNew ? 1 : 0] as const;
    this.#items.push(this.#ports.metersItself() ? [...header, limits.maxCpuMs] : header);
    this.#texts.push(inputJson);
    const count = this.#pending.push({
      id,
      request,
      onCall,
      lastCall: 0,
      isOver: false,
      sentAt: performance.now(),
    });
    if (count === 1) {
      this.#flush();
    } else if (!this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => {
        this.#isScheduled = false;
        this.#flush();
      });
    }
  }

  /** Lets a realm go. */
  forget(realm: number): void {
    this.#flush();
    this.#contexts.delete(realm);
    this.#ports.write(encodeFrame({ type: 'forget', realm }));
  }

  /** Asks for all back that were sent behind the first. Those that have not begun come back by `onRecalled`. */
  recall(): void {
    const behind = this.#pending.slice(1).map(({ id }) => id);
    if (behind.length === 0 || behind.at(-1) === this.#askedBackUntil) return;
    this.#askedBackUntil = behind.at(-1) ?? 0;
    for (const id of behind) this.#askedBack.add(id);
    this.#recalls++;
    this.#flush();
    this.#ports.write(encodeFrame({ type: 'recall', ids: behind }));
  }

  /** These have not begun, and never will. @throws ProtocolError for what nobody asked back */
  recalled(ids: readonly number[]): void {
    if (this.#recalls-- === 0) throw new ProtocolError('nothing was asked back');
    for (const id of ids) {
      const pending = this.#pending.find((one) => one.id === id);
      if (!pending || pending.lastCall > 0 || !this.#askedBack.has(id)) {
        throw new ProtocolError(`invocation ${id} cannot be had back`);
      }
      this.#take(pending);
      pending.request.onRecalled();
    }
  }

  /** @throws ProtocolError for what was not asked for */
  answered({ id, cpuMs, heapBytes, resultJson = '', resultBytes }: PlainAnswer): void {
    const outcome = resultJson === '' ? ({ kind: 'undefined' } as const) : ({ kind: 'value' } as const);
    this.#reply(id, { outcome, logs: [], cpuMs, heapBytes, resultJson, resultBytes });
  }

  /** @throws ProtocolError for what was not asked for */
  ran({ id, outcome, logs, cpuMs, heapBytes }: VmMessage & { type: 'ran' }, attachments: readonly Buffer[]): void {
    const result = attachments[0];
    const resultJson = result?.toString('utf8') ?? '';
    this.#reply(id, { outcome, logs, cpuMs, heapBytes, resultJson, resultBytes: result?.byteLength ?? 0 });
  }

  /** The isolate is another one, which knows no realm. */
  forgetAll(): void {
    this.#contexts.clear();
  }

  close(error: VmGoneError): void {
    this.#items = [];
    this.#texts = [];
    const { oldest } = this;
    for (const pending of [...this.#pending]) {
      const { request, lastCall } = pending;
      this.#take(pending);
      request.onGone(error, lastCall > 0 || (request === oldest && !this.#hasRunDry));
    }
  }

  #reply(id: number, reply: InvocationReply): void {
    const [pending] = this.#pending;
    // It runs them in turn. What cannot be stays where it is: it is told when the VM is ended for that.
    if (pending?.id !== id) {
      throw new ProtocolError(`an answer to invocation ${id}, which cannot be`);
    }
    const { request } = pending;
    if (reply.resultBytes > request.limits.maxResultBytes || isLogTooLong(reply.logs, request.limits)) {
      throw new ProtocolError('an answer larger than asked for');
    }
    // It would be run again.
    if (reply.outcome.kind === 'not-held' && pending.lastCall > 0) {
      throw new ProtocolError(`invocation ${id} is not held, and has made a call`);
    }
    this.#take(pending);
    // After that it begins no other.
    this.#hasRunDry ||= reply.outcome.kind === 'out-of-memory';
    this.#ports.onOutcome(reply.outcome);
    request.onReply(reply);
  }

  #take(pending: Pending): void {
    pending.isOver = true;
    if (pending === this.#pending[0]) this.#pending.shift();
    else this.#pending.splice(this.#pending.indexOf(pending), 1);
    if (this.#askedBack.size > 0) this.#askedBack.delete(pending.id);
  }

  #flush(): void {
    if (this.#items.length === 0) return;
    const [items, texts] = [this.#items, this.#texts];
    this.#items = [];
    this.#texts = [];
    this.#ports.write(encodeFrame({ type: 'invoke', realm: this.#realm, items }, texts));
  }
}

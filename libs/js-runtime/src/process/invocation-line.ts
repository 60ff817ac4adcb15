import { encodeFrame, ProtocolError } from '../protocol/frame.ts';
import type { InvocationHeader, LogEntry, OutputLimits, RunOutcome, VmMessage } from '../protocol/messages.ts';
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
  readonly limits: OutputLimits & MeterLimits & { readonly maxApiArgumentBytes: number };
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
  #recalledUntil = 0;

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
    const { executionId, timeoutMs, deadlineMs, contextJson, inputJson, onCall } = request;
    const id = this.#ports.nextId();
    const isNew = this.#contexts.get(realm) !== contextJson;
    if (isNew) {
      this.#contexts.set(realm, contextJson);
      this.#texts.push(contextJson);
    }
    this.#items.push([id, timeoutMs, executionId, deadlineMs, isNew ? 1 : 0]);
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
    if (behind.length === 0 || behind.at(-1) === this.#recalledUntil) return;
    this.#recalledUntil = behind.at(-1) ?? 0;
    this.#flush();
    this.#ports.write(encodeFrame({ type: 'recall', ids: behind }));
  }

  /** These have not begun, and never will. @throws ProtocolError for what nobody asked back */
  recalled(ids: readonly number[]): void {
    for (const id of [...ids].reverse()) {
      const pending = id <= this.#recalledUntil ? this.#take(id) : undefined;
      if (!pending || pending.lastCall > 0) throw new ProtocolError(`invocation ${id} was not asked back`);
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

  close(error: VmGoneError): void {
    const oldest = this.oldest;
    // The last first: who puts them back where they came from has them in order again.
    for (const { id, request, lastCall } of this.#pending.toReversed()) {
      this.#take(id);
      request.onGone(error, request === oldest || lastCall > 0);
    }
  }

  #reply(id: number, reply: InvocationReply): void {
    const [oldest] = this.#pending;
    // It runs them in turn.
    if (oldest?.id !== id) throw new ProtocolError(`an answer to invocation ${id}, which cannot be`);
    const { request } = oldest;
    if (reply.resultBytes > request.limits.maxResultBytes || isLogTooLong(reply.logs, request.limits)) {
      throw new ProtocolError('an answer larger than asked for');
    }
    this.#take(id);
    this.#ports.onOutcome(reply.outcome);
    request.onReply(reply);
  }

  #take(id: number): Pending | undefined {
    const index = this.#pending.findIndex((pending) => pending.id === id);
    if (index < 0) return undefined;
    const [pending] = index === 0 ? [this.#pending.shift()] : this.#pending.splice(index, 1);
    if (pending) pending.isOver = true;
    return pending;
  }

  #flush(): void {
    if (this.#items.length === 0) return;
    const [items, texts] = [this.#items, this.#texts];
    this.#items = [];
    this.#texts = [];
    this.#ports.write(encodeFrame({ type: 'invoke', realm: this.#realm, items }, texts));
  }
}

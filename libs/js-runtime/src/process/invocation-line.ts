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

/** One invocation of a warm realm. Exactly one of `onReply`, `onRecalled` and `onGone` is called, once. */
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
  /** It was said that it has begun beside others. */
  onBegan?(): void;
  /** The VM has ended. @param hasBegun whether it may have begun; else it can be run elsewhere */
  onGone(error: VmGoneError, hasBegun: boolean): void;
}

interface Pending extends Caller {
  readonly request: InvocationRequest;
  readonly sentAt: number;
  /** `performance.now()` when the VM was asked to give it up. */
  cancelledAt: number | undefined;
}

/** What has begun, as far as can be known. */
export interface UnderWay {
  /** One, or several that overlap. */
  readonly begun: readonly InvocationRequest[];
  /** What all may use that have overlapped since there was only one. */
  readonly maxCpuMs: number;
  /** Of the time for which there have been several; 0 when there is one. */
  readonly group: number;
  /** The one of several that is at it, or was the last to be. */
  readonly atIt: InvocationRequest | undefined;
  /** Another number whenever another one is at it. */
  readonly turn: number;
}

export interface InvocationPorts {
  nextId(): number;
  write(frame: Buffer): void;
  /** Whether the VM has to see to `maxCpuMs` itself. */
  metersItself(): boolean;
  /** How many may be under way at a time. */
  readonly maxOverlap: number;
  /** One was answered; whoever asked does not know yet. */
  onOutcome(outcome: RunOutcome): void;
}

/**
 * Invocations that were sent to one VM and are not answered. They begin in this order. The oldest may have begun; of those behind it,
 * those that the VM has said so of, before they did.
 */
export class InvocationLine {
  /**
   * In order of their ids. No map: a table of one that V8 has made old keeps all that come after it, and what is in them, until a
   * collection of the whole heap.
   */
  readonly #pending: Pending[] = [];
  readonly #ports: InvocationPorts;
  /** What each realm was last told of its contexts. */
  readonly #contexts = new Map<number, string>();
  /** So many, from the oldest on, are known to have begun. The oldest may have without that. */
  #begun = 0;
  /** `performance.now()` when the oldest became that. */
  #oldestSince = 0;
  /** What those may use that have overlapped since there was only one. */
  #overlapMaxCpuMs = 0;
  #overlaps = 0;
  /** Of several, the one that is at it, or was the last to be. */
  #atItId = 0;
  #turn = 0;
  /** `performance.now()` when it began to be. */
  #atItSince = 0;
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

  /** It may have begun; others may have, too. */
  get oldest(): InvocationRequest | undefined {
    return this.#pending[0]?.request;
  }

  get underWay(): UnderWay {
    const begun = this.#pending.slice(0, this.#mayHaveBegun).map(({ request }) => request);
    const group = begun.length > 1 ? this.#overlaps : 0;
    const atIt = this.#pendingOf(this.#atItId)?.request;
    return { begun, maxCpuMs: this.#overlapMaxCpuMs, group, atIt, turn: this.#turn };
  }

  /**
   * One for which the VM is to be ended: it is late by so much, or has not been given up for so long, which a VM sees to by itself unless
   * somebody keeps it busy. Of several it is the one that is at it, for as long, or all are late: one that only waits must not cost the others. Each
   * has all that it may take from when it was sent.
   */
  overdue(graceMs: number): { readonly id: number; readonly reason: 'wall' | 'cancelled' } | undefined {
    const now = performance.now();
    const { culpritId } = this;
    let first: { readonly id: number; readonly reason: 'wall' | 'cancelled' } | undefined;
    let isAnyInTime = false;
    for (let index = 0; index < this.#mayHaveBegun; index++) {
      const { id, sentAt, cancelledAt, request } = this.#pending[index] as Pending;
      const isLate = now - sentAt - request.timeoutMs > graceMs;
      if (!isLate && (cancelledAt === undefined || now - cancelledAt <= graceMs)) {
        isAnyInTime = true;
        continue;
      }
      const overdue = { id, reason: isLate ? ('wall' as const) : ('cancelled' as const) };
      // One that was woken for it just now, or was behind another until now, is about to say so.
      const isStuck = now - (this.#mayHaveBegun === 1 ? this.#oldestSince : this.#atItSince) > graceMs;
      if (id === culpritId && isStuck) return overdue;
      if (this.#mayHaveBegun > 1) first ??= overdue;
    }
    return isAnyInTime ? undefined : first;
  }

  /** The one that is at it, if one is. */
  get culpritId(): number | undefined {
    if (this.#mayHaveBegun === 1) return this.#pending[0]?.id;
    return this.has(this.#atItId) ? this.#atItId : undefined;
  }

  callerOf(id: number): Caller | undefined {
    return this.#pendingOf(id);
  }

  #pendingOf(id: number): Pending | undefined {
    const [oldest] = this.#pending;
    return oldest?.id === id ? oldest : this.#pending.find((pending) => pending.id === id);
  }

  /** Sends one, and returns its id; those that are sent at about the same time leave together. */
  send(realm: number, request: InvocationRequest): number {
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
      cancelledAt: undefined,
      isOver: false,
      sentAt: performance.now(),
    });
    if (count === 1) {
      this.#oldestSince = performance.now();
      this.#flush();
    } else if (!this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => {
        this.#isScheduled = false;
        this.#flush();
      });
    }
    return id;
  }

  /** Lets a realm go. */
  forget(realm: number): void {
    this.#flush();
    this.#contexts.delete(realm);
    this.#ports.write(encodeFrame({ type: 'forget', realm }));
  }

  /** Asks for all back that are not known to have begun. Those that have not come back by `onRecalled`. */
  recall(): void {
    const behind = this.#pending.slice(this.#mayHaveBegun).map(({ id }) => id);
    if (behind.length === 0 || behind.at(-1) === this.#askedBackUntil) return;
    this.#askedBackUntil = behind.at(-1) ?? 0;
    for (const id of behind) this.#askedBack.add(id);
    this.#recalls++;
    this.#flush();
    this.#ports.write(encodeFrame({ type: 'recall', ids: behind }));
  }

  /** Asks the VM to give one up, or for it back if it has not begun. */
  cancel(id: number): void {
    const index = this.#pending.findIndex((pending) => pending.id === id);
    const pending = this.#pending[index];
    if (!pending || pending.cancelledAt !== undefined) return;
    if (index >= this.#mayHaveBegun) {
      this.recall();
      return;
    }
    pending.cancelledAt = performance.now();
    this.#flush();
    this.#ports.write(encodeFrame({ type: 'cancel', id }));
  }

  /** The next begins beside others. @throws ProtocolError for what cannot be */
  began(id: number): void {
    const index = this.#mayHaveBegun;
    const [oldest] = this.#pending;
    const pending = this.#pending[index];
    // In their order, so that none is announced twice.
    if (!oldest || pending?.id !== id || index >= this.#ports.maxOverlap) {
      throw new ProtocolError(`invocation ${id} has begun, which cannot be`);
    }
    if (index === 1) {
      this.#overlaps++;
      this.#overlapMaxCpuMs = oldest.request.limits.maxCpuMs;
    }
    this.#overlapMaxCpuMs += pending.request.limits.maxCpuMs;
    this.#begun = index + 1;
    this.#isAtIt(id);
    pending.request.onBegan?.();
  }

  /** One of several goes on. @throws ProtocolError for what cannot be */
  woken(id: number): void {
    const index = this.#pending.findIndex((pending) => pending.id === id);
    // It is said once, when it changes.
    if (this.#begun < 2 || index < 0 || index >= this.#begun || id === this.#atItId) {
      throw new ProtocolError(`invocation ${id} goes on beside others, which cannot be`);
    }
    this.#isAtIt(id);
  }

  /** These have not begun, and never will. @throws ProtocolError for what nobody asked back */
  recalled(ids: readonly number[]): void {
    if (this.#recalls-- === 0) throw new ProtocolError('nothing was asked back');
    for (const id of ids) {
      const pending = this.#pending.find((one) => one.id === id);
      const hasBegun = pending && (pending.lastCall > 0 || this.#pending.indexOf(pending) < this.#begun);
      if (!pending || hasBegun || !this.#askedBack.has(id)) {
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

  /** @param culpritId whom the VM has ended for, where that is known */
  close(error: VmGoneError, culpritId?: number): void {
    this.#items = [];
    this.#texts = [];
    const all = [...this.#pending];
    const mayHaveBegun = this.#hasRunDry ? this.#begun : this.#mayHaveBegun;
    // One that was alone is to blame, unless another has said before that it is.
    const blamedId = culpritId ?? (mayHaveBegun === 1 && !this.#hasRunDry ? all[0]?.id : undefined);
    for (const [index, pending] of all.entries()) {
      const { id, request, lastCall } = pending;
      this.#take(pending);
      request.onGone(id === blamedId ? error : error.toOthers, lastCall > 0 || index < mayHaveBegun);
    }
  }

  get #mayHaveBegun(): number {
    return this.#begun > 0 ? this.#begun : Math.min(1, this.#pending.length);
  }

  #isAtIt(id: number): void {
    this.#atItId = id;
    this.#atItSince = performance.now();
    this.#turn++;
  }

  #reply(id: number, reply: InvocationReply): void {
    const pending = this.#pendingOf(id);
    // What cannot be stays where it is: it is told when the VM is ended for that.
    if (!pending || (pending !== this.#pending[0] && this.#pending.indexOf(pending) >= this.#begun)) {
      throw new ProtocolError(`an answer to invocation ${id}, which cannot be`);
    }
    const { request } = pending;
    if (reply.resultBytes > request.limits.maxResultBytes || isLogTooLong(reply.logs, request.limits)) {
      throw new ProtocolError('an answer larger than asked for');
    }
    if (reply.outcome.kind === 'cancelled' && pending.cancelledAt === undefined) {
      throw new ProtocolError(`invocation ${id} is cancelled, which nobody has asked for`);
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
    const index = pending === this.#pending[0] ? 0 : this.#pending.indexOf(pending);
    if (index === 0) {
      this.#pending.shift();
      this.#oldestSince = performance.now();
    } else this.#pending.splice(index, 1);
    if (index < this.#begun) this.#begun--;
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

import type { Socket } from 'node:net';
import type { Caller, OnCall } from './caller.ts';
import { InvocationLine } from './invocation-line.ts';
import { LazyTimer } from './lazy-timer.ts';
import { encodeFrame, FrameDecoder, ProtocolError, textOf, type Frame } from '../protocol/frame.ts';
import { decodePlainAnswer } from '../protocol/plain-answer.ts';
import type { HostMessage, RunOutcome, VmMessage } from '../protocol/messages.ts';
import { parseVmMessage } from '../protocol/vm-message.schema.ts';
import type { Patience } from './patience.ts';
import { PLAIN_REPLY, type ReplySize } from './reply-size.ts';
import type { RetireReason } from './retire-reason.ts';
import type { VmGoneError } from './vm-gone.error.ts';

/** How long a process may take to answer, and what it is ended for when it does not. */
export interface Patient {
  readonly timeoutMs: number;
  readonly lateReason: RetireReason;
  /** Allows for more time when the machine is busy. Without it, the time allowed is wall time. */
  readonly patience?: Patience | undefined;
}

/** Checked for its shape only: it may be the answer to another request. */
export interface Reply {
  readonly message: VmMessage;
  readonly attachments: readonly Buffer[];
}

export interface ChannelEvents {
  /** It has not answered in time. */
  onLate(reason: RetireReason): void;
  /** It sent what no VM process sends. */
  onViolation(): void;
  /** It has answered; whoever asked does not know yet. */
  onAnswer(): void;
  /** An invocation has been answered; whoever asked does not know yet. */
  onOutcome(outcome: RunOutcome): void;
  /** It has made the realm for the next request; `replaced`: in a new isolate. */
  onRecycled(replaced: boolean): void;
  /** It has replaced its isolate between invocations. */
  onReplaced(): void;
  /** Whether it has to see to `maxCpuMs` itself. */
  metersItself(): boolean;
  /** How many invocations may be under way in it at a time. */
  readonly maxOverlap: number;
}

export type Request = DistributiveOmit<
  Extract<HostMessage, { type: 'run' | 'compile' | 'link' | 'reset' | 'check' }>,
  'id'
>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

interface Pending extends Patient, Caller {
  resolve(reply: Reply): void;
  reject(error: VmGoneError): void;
}

/** An answer to a call that has not been written yet. */
interface WaitingAnswer {
  /** The request that the call belongs to. */
  readonly caller: Caller;
  readonly frame: Buffer;
  readonly onSent: () => void;
}

/** The id by which a new process says that it is ready. */
const READY_ID = 0;

/** The pipe to a VM process: one request at a time, and only the answer to it, and the calls of host APIs before that, are let in. */
export class VmChannel {
  /** Undefined when the process could not be started at all. */
  readonly #pipe: Socket | undefined;
  readonly #events: ChannelEvents;
  readonly #decoder = new FrameDecoder(PLAIN_REPLY.maxFrameBytes, PLAIN_REPLY.maxHeaderBytes);
  /** The first is being written. */
  readonly #answers: WaitingAnswer[] = [];
  readonly invocations: InvocationLine;
  readonly #onFrame = (frame: Frame): void => {
    // The frame before may have ended it.
    if (!this.#isClosed) this.#settle(frame);
  };
  /** Of the request that has not been answered. */
  readonly #timer = new LazyTimer(() => {
    this.#isLate();
  });
  #pending: Pending | undefined;
  /** Invocations have ids of the same row. */
  #lastId = READY_ID;
  #lastRequestId = READY_ID;
  /** The request after which the process last said that it has recycled. */
  #recycledAfterId = READY_ID;
  /** Whether an invocation was answered since it last replaced its isolate because of those. */
  #hasInvoked = false;
  #isClosed = false;

  constructor(pipe: Socket | undefined, events: ChannelEvents) {
    this.#pipe = pipe;
    this.#events = events;
    this.invocations = new InvocationLine({
      nextId: () => ++this.#lastId,
      write: (frame) => {
        pipe?.write(frame);
      },
      metersItself: () => events.metersItself(),
      maxOverlap: events.maxOverlap,
      onOutcome: (outcome) => {
        this.#hasInvoked = true;
        events.onOutcome(outcome);
      },
    });
    pipe?.on('data', (chunk: Buffer) => {
      this.#receive(chunk);
    });
    // Whatever is wrong with the pipe closes it.
    pipe?.on('error', () => undefined);
  }

  /** Whether a request has not been answered. */
  get isWaiting(): boolean {
    return this.#pending !== undefined;
  }

  /** Whether the process has recycled after its last answer. */
  get isRecycled(): boolean {
    return this.#recycledAfterId === this.#lastRequestId;
  }

  get lastRequestId(): number {
    return this.#lastRequestId;
  }

  /** Resolves when a new process says that it is ready. */
  ready(patient: Patient): Promise<Reply> {
    return this.#expect(READY_ID, patient);
  }

  /** What the answers to come have at most. */
  allow({ maxFrameBytes, maxHeaderBytes }: ReplySize): void {
    this.#decoder.allow(maxFrameBytes, maxHeaderBytes);
  }

  /** @param size the most that an honest answer has */
  request(
    request: Request,
    attachments: readonly (string | Uint8Array)[],
    size: ReplySize,
    patient: Patient,
    onCall?: OnCall,
  ): Promise<Reply> {
    this.allow(size);
    const id = (this.#lastRequestId = ++this.#lastId);
    // Before anybody waits for it.
    const frame = encodeFrame({ ...request, id }, attachments);
    const reply = this.#expect(id, patient, onCall);
    this.#pipe?.write(frame);
    return reply;
  }

  /**
   * The request that has not been answered fails, if there is one. From now on nothing is let in.
   *
   * @param culpritId the invocation that the process has ended for
   */
  close(error: VmGoneError, culpritId?: number): void {
    this.#isClosed = true;
    this.#take()?.reject(error);
    this.invocations.close(error, culpritId);
    this.#timer.close();
    this.#pipe?.destroy();
  }

  #expect(id: number, patient: Patient, onCall?: OnCall): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const { timeoutMs, lateReason, patience } = patient;
      this.#pending = { id, timeoutMs, lateReason, patience, onCall, lastCall: 0, isOver: false, resolve, reject };
      this.#timer.set(timeoutMs);
    });
  }

  #isLate(): void {
    const pending = this.#pending;
    // It may be this process that is late, with the answer unread: between timers and immediates, it is read.
    setImmediate(() => {
      if (!pending || this.#pending !== pending) return;
      const remainingMs = pending.patience?.remainingMs() ?? 0;
      if (remainingMs > 0) this.#timer.set(Math.ceil(remainingMs));
      else this.#events.onLate(pending.lateReason);
    });
  }

  #receive(chunk: Buffer): void {
    try {
      this.#decoder.push(chunk, this.#onFrame);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#events.onViolation();
    }
  }

  #settle({ header, attachments }: Frame): void {
    if (header === undefined) {
      this.invocations.answered(decodePlainAnswer(attachments[0] ?? Buffer.alloc(0)));
      return;
    }
    const message = parseVmMessage(header);
    if (message.type === 'recycled') {
      // The next request may have left before this arrived; but ids only grow, so nobody can be flooded with these.
      const isAnswered = message.id <= this.#lastRequestId && message.id !== this.#pending?.id;
      if (message.id <= this.#recycledAfterId || !isAnswered) {
        throw new ProtocolError(`recycled after request ${message.id}, which cannot be`);
      }
      this.#recycledAfterId = message.id;
      this.#events.onRecycled(message.replaced);
      return;
    }
    if (message.type === 'call') {
      this.#called(message, attachments);
      return;
    }
    if (message.type === 'replaced') {
      if (!this.#hasInvoked) throw new ProtocolError('another isolate, which cannot be');
      this.#hasInvoked = false;
      this.#events.onReplaced();
      return;
    }
    if (message.type === 'began') {
      this.invocations.began(message.id);
      return;
    }
    if (message.type === 'woken') {
      this.invocations.woken(message.id);
      return;
    }
    if (message.type === 'recalled') {
      this.invocations.recalled(message.ids);
      return;
    }
    if (message.type === 'ran' && this.invocations.has(message.id)) {
      this.invocations.ran(message, attachments);
      return;
    }
    const id = message.type === 'ready' ? READY_ID : message.id;
    if (this.#pending?.id !== id) throw new ProtocolError(`a reply to request ${id}, which was not made`);
    // It would be run again.
    if (message.type === 'ran' && message.outcome.kind === 'not-held' && this.#pending.lastCall > 0) {
      throw new ProtocolError(`request ${id} is not held, and has made a call`);
    }
    const pending = this.#take();
    this.#events.onAnswer();
    pending?.resolve({ message, attachments });
  }

  #called({ id, call, api }: VmMessage & { type: 'call' }, [text, ...others]: readonly Buffer[]): void {
    const caller = this.#pending?.id === id ? this.#pending : this.invocations.callerOf(id);
    // Numbers only grow, so that no call is answered twice.
    if (!caller?.onCall || call <= caller.lastCall || !text || others.length > 0) {
      throw new ProtocolError(`call ${call} of request ${id}, which cannot be`);
    }
    caller.lastCall = call;
    caller.onCall({
      api,
      argumentsJson: textOf(text),
      answer: (answer, onSent) => {
        if (caller.isOver) {
          onSent();
          return;
        }
        const frame = encodeFrame({ type: 'answer', id, call, kind: answer.kind }, [answer.text]);
        if (this.#answers.push({ caller, frame, onSent }) === 1) this.#writeAnswers();
      },
    });
  }

  /**
   * One at a time: Node would write all that wait together, and tell of none before the last has left. A process that has read
   * the first would make its next call meanwhile, and be taken for one that makes too many.
   */
  #writeAnswers(): void {
    for (let first = this.#answers[0]; first; first = this.#answers[0]) {
      const { caller, frame, onSent } = first;
      const done = (): void => {
        this.#answers.shift();
        onSent();
      };
      if (!caller.isOver) {
        this.#pipe?.write(frame, () => {
          done();
          this.#writeAnswers();
        });
        return;
      }
      done();
    }
  }

  #take(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending) pending.isOver = true;
    this.#timer.clear();
    return pending;
  }
}

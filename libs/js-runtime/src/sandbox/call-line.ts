import type { CallAnswerKind } from '../protocol/messages.ts';

/** A call as the realm words it. */
export interface MadeCall {
  readonly call: number;
  readonly api: string;
  readonly argumentsJson: string;
}

export interface CallAnswer {
  readonly call: number;
  readonly kind: CallAnswerKind;
  readonly text: string;
}

/** Closer to it, a timer need not be set anew. */
const TIMER_TOLERANCE_MS = 1;

/** The calls of one execution: those that leave, and the answers that have come but are not delivered. */
export class CallLine {
  readonly #send: (calls: readonly MadeCall[]) => void;
  readonly #measure: (tookMs: number) => number;
  readonly #onWake: () => void;
  #answers: CallAnswer[] = [];
  #inFlight = 0;
  #waiter: ((answers: readonly CallAnswer[]) => void) | undefined;
  /** Outlives what it was set for: mostly, the next to wait waits for the same deadline. */
  #timer: NodeJS.Timeout | undefined;
  #timerDueMs = 0;
  #wokenMs = 0;
  /** Of whoever is at it now. */
  #wokenAt: number | undefined;
  #isCancelled = false;
  #isClosed = false;

  /**
   * @param send is given the calls that were made together
   * @param measure what counts of the time for which somebody was at it who had waited, in milliseconds
   * @param onWake called before whoever has waited goes on
   */
  constructor(
    send: (calls: readonly MadeCall[]) => void,
    measure = (tookMs: number) => tookMs,
    onWake = (): void => undefined,
  ) {
    this.#send = send;
    this.#measure = measure;
    this.#onWake = onWake;
  }

  /** What those have used who had waited, up to now. To be asked once, when it is over. */
  get wokenMs(): number {
    return this.#wokenMs + (this.#wokenAt === undefined ? 0 : this.#measure(performance.now() - this.#wokenAt));
  }

  /** Whether nobody wants to know any more what it comes to. */
  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Whether an answer is still to be delivered. */
  get isOpen(): boolean {
    return this.#inFlight > 0;
  }

  /** @param calls as `RealmCalls.take` words them */
  send(calls: string): void {
    if (calls === '') return;
    const made: MadeCall[] = [];
    for (let offset = 0; offset < calls.length;) {
      const colon = calls.indexOf(':', offset);
      const [number, api = '', length] = calls.slice(offset, colon).split(' ');
      offset = colon + 1 + Number(length);
      this.#inFlight++;
      made.push({ call: Number(number), api, argumentsJson: calls.slice(colon + 1, offset) });
    }
    this.#send(made);
  }

  /** An answer has come; `flush` is called when there are no more for now. */
  push(answer: CallAnswer): void {
    this.#answers.push(answer);
  }

  /** Hands over what has come, if somebody waits. */
  flush(): void {
    if (this.#answers.length > 0) this.#wake();
  }

  /** Calls `waiter` once: when answers come, or without any after `timeoutMs`. Nobody else may be waiting. */
  wait(timeoutMs: number, waiter: (answers: readonly CallAnswer[]) => void): void {
    this.#waiter = waiter;
    this.#setTimer(timeoutMs);
  }

  /** Wakes whoever waits, to end. */
  cancel(): void {
    this.#isCancelled = true;
    this.#wake();
  }

  /** The execution has ended. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #wake(): void {
    const waiter = this.#waiter;
    if (!waiter) return;
    const answers = this.#answers;
    this.#waiter = undefined;
    this.#answers = [];
    this.#inFlight -= answers.length;
    this.#onWake();
    this.#wokenAt = performance.now();
    waiter(answers);
    // When it is over, others may have begun meanwhile.
    if (this.#isClosed) return;
    this.#wokenMs = this.wokenMs;
    this.#wokenAt = undefined;
  }

  #setTimer(timeoutMs: number): void {
    const dueMs = performance.now() + timeoutMs;
    if (this.#timer && Math.abs(dueMs - this.#timerDueMs) < TIMER_TOLERANCE_MS) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = dueMs;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#wake();
    }, timeoutMs);
  }
}

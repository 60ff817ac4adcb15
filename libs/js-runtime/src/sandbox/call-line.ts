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

/** The calls of one execution: those that leave, and the answers that have come but are not delivered. */
export class CallLine {
  readonly #send: (call: MadeCall) => void;
  #answers: CallAnswer[] = [];
  #inFlight = 0;
  #wake: (() => void) | undefined;

  constructor(send: (call: MadeCall) => void) {
    this.#send = send;
  }

  /** Whether an answer is still to be delivered. */
  get isOpen(): boolean {
    return this.#inFlight > 0;
  }

  /** @param calls as `RealmCalls.take` words them */
  send(calls: string): void {
    for (let offset = 0; offset < calls.length;) {
      const colon = calls.indexOf(':', offset);
      const [number, api = '', length] = calls.slice(offset, colon).split(' ');
      offset = colon + 1 + Number(length);
      this.#inFlight++;
      this.#send({ call: Number(number), api, argumentsJson: calls.slice(colon + 1, offset) });
    }
  }

  /** An answer has come. */
  push(answer: CallAnswer): void {
    this.#answers.push(answer);
    this.#wake?.();
  }

  /** The answers that have come, after `timeoutMs` at the latest. */
  async answers(timeoutMs: number): Promise<readonly CallAnswer[]> {
    if (this.#answers.length === 0) await this.#wait(timeoutMs);
    const answers = this.#answers;
    this.#answers = [];
    this.#inFlight -= answers.length;
    return answers;
  }

  async #wait(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#wake = undefined;
        resolve();
      }, timeoutMs);
      this.#wake = () => {
        this.#wake = undefined;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

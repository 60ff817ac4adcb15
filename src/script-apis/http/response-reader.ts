import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { BodyBytes } from './body-bytes.ts';
import { ResponseTooLargeError } from './response-too-large.error.ts';

/** A body may come in so many pieces, and in more if they have some size: each takes time of the thread that all share. */
const MAX_SMALL_PIECES = 10_000;
const MIN_PIECE_BYTES = 32;
const MAX_INTERIM_RESPONSES = 10;

export interface ResponseHead {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

export interface Received extends ResponseHead {
  /** Empty where it was not wanted. */
  readonly body: string;
}

/** Reads one response. */
export class ResponseReader implements Dispatcher.DispatchHandler {
  readonly #response = Promise.withResolvers<Received>();
  readonly #body = new BodyBytes();
  readonly #wantsBody: (head: ResponseHead) => boolean;
  #head: ResponseHead = { status: 0, headers: {} };
  #interimResponses = 0;
  #pieces = 0;

  /** @param wantsBody where it says no, reading ends with the headers */
  constructor(wantsBody: (head: ResponseHead) => boolean) {
    this.#wantsBody = wantsBody;
  }

  /** Rejects with what undici or the connection failed with. */
  get response(): Promise<Received> {
    return this.#response.promise;
  }

  onRequestStart(): void {
    // Nothing to prepare; undici wants it to be there.
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) {
      if (++this.#interimResponses > MAX_INTERIM_RESPONSES) controller.abort(new ResponseTooLargeError());
      return;
    }
    this.#head = { status, headers };
    if (!this.#wantsBody(this.#head)) this.#response.resolve({ ...this.#head, body: '' });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body.append(chunk);
    const maxPieces = MAX_SMALL_PIECES + this.#body.length / MIN_PIECE_BYTES;
    if (++this.#pieces > maxPieces) controller.abort(new ResponseTooLargeError());
  }

  onResponseEnd(): void {
    this.#response.resolve({ ...this.#head, body: this.#body.toText() });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#response.reject(error);
  }
}

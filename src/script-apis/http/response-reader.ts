import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { BodyBytes } from './body-bytes.ts';

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

  /** Also of interim responses: the last one counts. */
  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.#head = { status, headers };
    if (!this.#wantsBody(this.#head)) this.#response.resolve({ ...this.#head, body: '' });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body.append(chunk);
  }

  onResponseEnd(): void {
    this.#response.resolve({ ...this.#head, body: this.#body.toText() });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#response.reject(error);
  }
}

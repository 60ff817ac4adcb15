import type { ServerResponse } from 'node:http';

/** The responses that are being made or sent. */
export class ResponsesInFlight {
  readonly #responses = new Set<ServerResponse>();
  #onNone: (() => void) | undefined;

  /** Counts a response until it was handed to the operating system, or its connection is gone. */
  add(response: ServerResponse): void {
    if (response.closed) return;
    this.#responses.add(response);
    response.once('close', () => {
      this.#responses.delete(response);
      if (this.#responses.size === 0) this.#onNone?.();
    });
  }

  /** Resolves when there is none, or after `maxMs`. To be called once, at the end. */
  async allSent(maxMs: number): Promise<void> {
    if (this.#responses.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, maxMs);
      this.#onNone = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

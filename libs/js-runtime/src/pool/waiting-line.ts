import type { Deadline } from '../admission/deadline.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';

interface Waiter<T> {
  readonly tenantId: string;
  resolve(item: T): void;
  reject(error: JsRuntimeError): void;
}

/** Callers that wait for something to come free, first come, first served, each until its deadline or its signal. */
export class WaitingLine<T> {
  readonly #waiters = new Set<Waiter<T>>();

  get length(): number {
    return this.#waiters.size;
  }

  /** @throws JsRuntimeError POOL_EXHAUSTED when the deadline passes, CANCELLED when the signal fires */
  async wait(tenantId: string, deadline: Deadline, signal: AbortSignal | undefined): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter<T> = {
        tenantId,
        resolve: (item) => {
          leave();
          resolve(item);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = (): void => {
        waiter.reject(new JsRuntimeError('CANCELLED', 'Cancelled while waiting for a VM'));
      };
      const timer = setTimeout(() => {
        waiter.reject(new JsRuntimeError('POOL_EXHAUSTED', `No VM came free within ${deadline.timeoutMs} ms`));
      }, deadline.remainingMs);
      signal?.addEventListener('abort', onAbort);
      this.#waiters.add(waiter);
    });
  }

  /** Serves whoever has waited longest, if anybody waits. `make` is called at once, so nobody else can take the item. */
  serveFirst(make: (tenantId: string) => T): void {
    const [first] = this.#waiters;
    first?.resolve(make(first.tenantId));
  }

  rejectAll(makeError: () => JsRuntimeError): void {
    for (const waiter of [...this.#waiters]) waiter.reject(makeError());
  }
}

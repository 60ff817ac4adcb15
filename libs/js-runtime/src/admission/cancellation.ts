/** What an `AbortSignal` has, too: as much of it as the runtime itself needs. */
export interface CancelSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * Cancels one execution: by its caller's signal, or by `cancel`. An `AbortSignal` takes longer to make than all that is done with
 * it here, so there is one only for others that ask for it.
 */
export class Cancellation implements CancelSignal {
  readonly #callerSignal: AbortSignal | undefined;
  readonly #onCallerAbort: (() => void) | undefined;
  /** Made when the first comes. */
  #listeners: Set<() => void> | undefined;
  #controller: AbortController | undefined;
  #isCancelled = false;

  constructor(callerSignal?: AbortSignal) {
    if (!callerSignal) return;
    this.#callerSignal = callerSignal;
    this.#onCallerAbort = () => {
      this.cancel();
    };
    if (callerSignal.aborted) this.cancel();
    else callerSignal.addEventListener('abort', this.#onCallerAbort);
  }

  get aborted(): boolean {
    return this.#isCancelled;
  }

  /** For those who do not belong to the runtime. */
  get abortSignal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isCancelled) this.#abort();
    return this.#controller.signal;
  }

  addEventListener(_: 'abort', listener: () => void): void {
    (this.#listeners ??= new Set()).add(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.#listeners?.delete(listener);
  }

  cancel(): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    this.#abort();
    for (const listener of [...(this.#listeners ?? [])]) listener();
  }

  /** The execution is over: its caller's signal, which may live longer, forgets it. */
  end(): void {
    if (this.#onCallerAbort) this.#callerSignal?.removeEventListener('abort', this.#onCallerAbort);
  }

  #abort(): void {
    this.#controller?.abort(this.#callerSignal?.aborted ? this.#callerSignal.reason : undefined);
  }
}

/** What an `AbortSignal` has, too: as much of it as the runtime itself needs. */
export interface CancelSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Who follows a caller's signal: all through one listener, as Node takes more than ten of one signal for a leak, and says so. */
const followers = new WeakMap<AbortSignal, Set<Cancellation>>();

function onCallerAbort({ target }: Event): void {
  for (const one of [...(followers.get(target as AbortSignal) ?? [])]) one.cancel();
}

function follow(signal: AbortSignal, one: Cancellation): void {
  const all = followers.get(signal) ?? new Set();
  followers.set(signal, all.add(one));
  // The same listener once more is none more.
  signal.addEventListener('abort', onCallerAbort);
}

function unfollow(signal: AbortSignal, one: Cancellation): void {
  const all = followers.get(signal);
  all?.delete(one);
  if (all?.size === 0) signal.removeEventListener('abort', onCallerAbort);
}

/**
 * Cancels one execution: by its caller's signal, or by `cancel`. An `AbortSignal` takes longer to make than all that is done with
 * it here, so there is one only for others that ask for it.
 */
export class Cancellation implements CancelSignal {
  readonly #callerSignal: AbortSignal | undefined;
  /** Made when the first comes. */
  #listeners: Set<() => void> | undefined;
  #controller: AbortController | undefined;
  #isCancelled = false;

  constructor(callerSignal?: AbortSignal) {
    if (!callerSignal) return;
    this.#callerSignal = callerSignal;
    if (callerSignal.aborted) this.cancel();
    else follow(callerSignal, this);
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

  /** The execution is over: its caller's signal, which may live longer, forgets it, and it forgets who listens. */
  end(): void {
    this.#listeners = undefined;
    if (this.#callerSignal) unfollow(this.#callerSignal, this);
  }

  #abort(): void {
    this.#controller?.abort(this.#callerSignal?.aborted ? this.#callerSignal.reason : undefined);
  }
}

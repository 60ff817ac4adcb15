import { Patience } from './patience.ts';

/** Watches a process that makes its next realm. */
export class RecyclingWatch {
  readonly #patience: Patience;
  #seemsLate = false;
  #hasBeenRead = false;

  constructor(
    pid: number,
    timeoutMs: number,
    /** The request that was answered last. */
    readonly afterId: number,
  ) {
    this.#patience = new Patience(pid, timeoutMs);
  }

  /** True at the second look at the earliest: in between, what the process had sent by the first is read. */
  isOverdue(): boolean {
    if (this.#patience.remainingMs() > 0) return false;
    if (!this.#seemsLate) {
      this.#seemsLate = true;
      // The first comes in this turn of the event loop, which may have read already; the second is certain to come later.
      setImmediate(() => {
        setImmediate(() => {
          this.#hasBeenRead = true;
        });
      });
    }
    return this.#hasBeenRead;
  }
}

/**
 * A timer that is mostly cleared before it is due, and then set for about as long again. It stays armed meanwhile: to set it is to
 * note until when.
 */
export class LazyTimer {
  #timer: NodeJS.Timeout | undefined;
  /** `performance.now()` at which `#timer` fires, about; at which it is due. */
  #firesAt = Infinity;
  #dueAt = Infinity;

  constructor(private readonly onDue: () => void) {}

  /** Due so many milliseconds from now, whatever it was set to before. */
  set(ms: number): void {
    const dueAt = performance.now() + ms;
    this.#dueAt = dueAt;
    if (dueAt < this.#firesAt) this.#arm(ms);
  }

  /** Not due any more. */
  clear(): void {
    this.#dueAt = Infinity;
  }

  /** As `clear`, and for good: nothing is left that keeps the process alive. */
  close(): void {
    this.clear();
    clearTimeout(this.#timer);
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer);
    this.#firesAt = performance.now() + ms;
    this.#timer = setTimeout(() => {
      this.#fired();
    }, ms);
  }

  #fired(): void {
    this.#firesAt = Infinity;
    if (this.#dueAt === Infinity) return;
    const remainingMs = Math.ceil(this.#dueAt - performance.now());
    if (remainingMs > 0) {
      this.#arm(remainingMs);
      return;
    }
    this.clear();
    this.onDue();
  }
}

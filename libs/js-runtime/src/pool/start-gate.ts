/** Delay after the first failure; each further one in a row doubles it, until the breaker opens. */
const BACK_OFF_MS = 100;
/** So many failures within the window, or in a row, open the breaker, for so long. */
const FAILURES = 5;
const WINDOW_MS = 30_000;
const OPEN_MS = 10_000;

/**
 * `closed`: starts succeed, or fail now and then. `open`: so many have failed that nothing is tried for a while. `half-open`: the
 * next start decides. https://martinfowler.com/bliki/CircuitBreaker.html
 */
export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * When a VM may be started. After a failure the next attempt waits, exponentially longer and at random ("equal jitter",
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), and goes alone until one succeeds.
 */
export class StartGate {
  /** `performance.now()` of the failures within the window. */
  #failures: number[] = [];
  #inARow = 0;
  #notBefore = 0;
  #isOpen = false;

  constructor(private readonly random: () => number = Math.random) {}

  get state(): BreakerState {
    if (!this.#isOpen) return 'closed';
    return this.retryInMs > 0 ? 'open' : 'half-open';
  }

  /** Milliseconds until a start may be tried again; 0 when now. */
  get retryInMs(): number {
    return Math.max(0, Math.ceil(this.#notBefore - performance.now()));
  }

  /** How many starts there may be at the same time now. */
  allowedAtOnce(most: number): number {
    if (this.#inARow === 0) return most;
    return this.retryInMs > 0 ? 0 : 1;
  }

  succeeded(): void {
    this.#inARow = 0;
    this.#notBefore = 0;
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#failures = [];
  }

  /** @param isOurs false when the cause is from outside and may be over: then the next start waits, but the breaker stays as it is */
  failed(isOurs = true): void {
    const now = performance.now();
    this.#failures = this.#failures.filter((at) => now - at < WINDOW_MS);
    if (isOurs) this.#failures.push(now);
    this.#inARow++;
    // In a row as well: starts that take long to fail are never so many within the window.
    this.#isOpen ||= Math.max(this.#failures.length, this.#inARow) >= FAILURES;
    const delayMs = BACK_OFF_MS * 2 ** (this.#inARow - 1);
    this.#notBefore = now + (this.#isOpen ? OPEN_MS : delayMs * (0.5 + this.random() / 2));
  }
}

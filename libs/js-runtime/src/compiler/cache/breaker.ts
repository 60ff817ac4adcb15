import { BackOff } from './back-off.ts';

/** So many failures, one after the other, open it. */
const FAILURES = 3;

/** Keeps from trying what fails again and again: after some failures there is a pause, then one trial, then a longer pause. */
export class Breaker {
  readonly #pauses = new BackOff();
  #failures = 0;
  /** `performance.now()` */
  #notBefore = 0;

  get isOpen(): boolean {
    return this.#failures >= FAILURES;
  }

  /** Whether it may be tried now; who is allowed to tries it, and says what came of it. */
  allows(): boolean {
    if (!this.isOpen) return true;
    if (performance.now() < this.#notBefore) return false;
    // The others wait until this one is back.
    this.#notBefore = Infinity;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#notBefore = 0;
    this.#pauses.reset();
  }

  failed(): void {
    this.#failures++;
    const now = performance.now();
    // Several that were under way when it opened are one reason, not several.
    const isPause = this.#notBefore > now && this.#notBefore !== Infinity;
    if (this.isOpen && !isPause) this.#notBefore = now + this.#pauses.nextMs();
  }

  /** It was not tried after all, or nobody knows what came of it. */
  undecided(): void {
    if (this.#notBefore === Infinity) this.#notBefore = 0;
  }
}

const FIRST_MS = 100;
const MOST_MS = 30_000;

/** Pauses that double from 0.1 to 30 s, each at random between its half and the whole, so that instances do not come at once. */
export class BackOff {
  #pauses = 0;

  constructor(private readonly random: () => number = Math.random) {}

  /** The next pause, in milliseconds. */
  nextMs(): number {
    // The exponent is bounded, or the power would be infinite one day.
    const wholeMs = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(this.#pauses++, 20));
    return wholeMs * (0.5 + this.random() / 2);
  }

  /** Starts over with the shortest. */
  reset(): void {
    this.#pauses = 0;
  }
}

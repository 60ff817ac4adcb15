/** So much of a function's own time may wait in line in its VM: more brings nothing, and all of it is late when one takes long. */
const IN_LINE_MS = 2;
const MAX_DEPTH = 64;
/** Weight of the newest in the mean. */
const NEWEST = 0.1;

/**
 * How many invocations of a function may be under way in one VM. While one runs the next is on its way already, and that is worth it
 * for what takes less than the way; what takes long, or waits for something, is better begun elsewhere.
 */
export class LineDepth {
  /** Until it is known, it may be long. */
  #meanMs = IN_LINE_MS;

  /** One has taken so long, from when it was the oldest. */
  took(ms: number): void {
    this.#meanMs += NEWEST * (ms - this.#meanMs);
  }

  /** Its realm was no good: who is in line for the next one may find it so, too. */
  reset(): void {
    this.#meanMs = IN_LINE_MS;
  }

  get most(): number {
    return Math.max(1, Math.min(MAX_DEPTH, Math.floor(IN_LINE_MS / this.#meanMs)));
  }
}

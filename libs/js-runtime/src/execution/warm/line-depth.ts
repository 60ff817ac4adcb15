/** So much of a function's own time may wait in line in its VM: more brings nothing, and all of it is late when one takes long. */
const IN_LINE_MS = 2;
const MAX_DEPTH = 64;
/** Weight of the newest in the mean. */
const NEWEST = 0.1;
/** What waits for the CPU, with others about, looks like what waits for something else: less than that is no sign of it. */
const CPU_SHARE = 2;

/**
 * How many invocations of a function may be under way in one VM. While one runs the next is on its way already, and that is worth it
 * for what takes less than the way. What takes long is better begun elsewhere, unless it waits for something and leaves the CPU to others.
 */
export class LineDepth {
  /** From when it began to its answer. Until it is known, it may be long. */
  #meanMs = IN_LINE_MS;
  /** Of that, what it has used the CPU. */
  #meanCpuMs = IN_LINE_MS;
  readonly #maxOverlap: number;

  /** @param maxOverlap how many may overlap in one VM */
  constructor(maxOverlap = 1) {
    this.#maxOverlap = maxOverlap;
  }

  /** One has taken so long, from when it began or was the oldest. */
  took(ms: number, cpuMs: number): void {
    this.#meanMs += NEWEST * (ms - this.#meanMs);
    this.#meanCpuMs += NEWEST * (Math.min(cpuMs, ms) - this.#meanCpuMs);
  }

  get most(): number {
    const inLine = IN_LINE_MS / Math.max(this.#meanCpuMs, this.#meanMs / this.#maxOverlap);
    const sideBySide = Math.min(this.#maxOverlap, this.#meanMs / this.#meanCpuMs / CPU_SHARE);
    return Math.max(1, Math.floor(Math.min(MAX_DEPTH, Math.max(inLine, sideBySide))));
  }
}

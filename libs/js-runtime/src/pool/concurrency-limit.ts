/** A look that comes later than that shows that the backend gets too little of the CPUs. */
const LATE_MS = 5;
/** One that comes no later than that shows that it gets what it needs: a timer is a millisecond late in any case. */
const IN_TIME_MS = 2;
/** So many looks in a row have to be in time before one more may be at work. */
const LOOKS_IN_TIME = 10;
/** The backend takes a good part of the CPUs itself then; of two, trivial scripts took 0.6 while it was late all the time. */
const BLAMED_SHARE = 0.4;
/** What is left of those that are at work, when the backend was late. */
const KEPT = 0.8;

/**
 * How many VMs may be at work at once. There are more of them than CPUs, as many an execution waits for something; where all of them want a
 * CPU, the backend, which has one thread, would get one part of many, be late for everything, and not even refuse in time. So
 * fewer begin when it is late, and one more whenever it has been in time for a while: additive increase, multiplicative decrease
 * (https://doi.org/10.1016/0169-7552(89)90019-6). Those that then wait lose nothing: there is no CPU for them.
 */
export class ConcurrencyLimit {
  #most = Infinity;
  #looksInTime = 0;

  /** @param least as many as there are CPUs have one each @param needless beyond that many there is nothing to limit */
  constructor(
    private readonly least: number,
    private readonly needless: number,
  ) {}

  /** Infinity when there is none. */
  get most(): number {
    return this.#most;
  }

  /**
   * To be called regularly while anything is at work.
   *
   * @param lateMs how much later than it should have been @param share how much of all CPUs those at work take
   */
  look(lateMs: number, atWork: number, share: number): void {
    if (lateMs > LATE_MS) {
      this.#looksInTime = 0;
      // With a CPU for each, or while they wait for other things, they are not what made it late.
      if (atWork > this.least && share >= BLAMED_SHARE)
        this.#most = Math.max(this.least, Math.floor(KEPT * Math.min(this.#most, atWork)));
    } else if (lateMs > IN_TIME_MS) {
      this.#looksInTime = 0;
    } else if (++this.#looksInTime >= LOOKS_IN_TIME) {
      this.#looksInTime = 0;
      this.#most = this.#most >= this.needless ? Infinity : this.#most + 1;
    }
  }
}

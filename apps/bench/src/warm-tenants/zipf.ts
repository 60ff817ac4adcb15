/** Draws numbers below `count`, the n-th of them 1/n as often as the first: so is what is asked of many tenants mostly spread. */
export class Zipf {
  /** Of each number, how often it or a smaller one is drawn. */
  readonly #cumulative: readonly number[];
  readonly #random: () => number;

  /** @param random from 0 up to 1 */
  constructor(count: number, random: () => number) {
    const weights = Array.from({ length: count }, (_, n) => 1 / (n + 1));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let sum = 0;
    this.#cumulative = weights.map((weight) => (sum += weight / total));
    this.#random = random;
  }

  next(): number {
    const drawn = this.#random();
    let [from, to] = [0, this.#cumulative.length - 1];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (drawn < (this.#cumulative[middle] ?? 1)) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  /** How much of all is for the first so many. */
  shareOf(first: number): number {
    return this.#cumulative[Math.min(first, this.#cumulative.length) - 1] ?? 0;
  }
}

/** Items in order, each once. To add or delete one takes O(log n) comparisons; to list some, O(log n) and one step for each. */
export class SortedList<T> {
  readonly #items: T[] = [];

  /** @param compare less than 0 when the first comes first, 0 when both are the same */
  constructor(private readonly compare: (a: T, b: T) => number) {}

  get first(): T | undefined {
    return this.#items[0];
  }

  add(item: T): void {
    const at = this.#indexOf(item);
    if (!this.#isAt(at, item)) this.#items.splice(at, 0, item);
  }

  delete(item: T): void {
    const at = this.#indexOf(item);
    if (this.#isAt(at, item)) this.#items.splice(at, 1);
  }

  /** All that do not come before `start`. The list must not be changed meanwhile. */
  *from(start: T): Generator<T> {
    for (let at = this.#indexOf(start); at < this.#items.length; at++) yield this.#items[at] as T;
  }

  #isAt(at: number, item: T): boolean {
    return at < this.#items.length && this.compare(this.#items[at] as T, item) === 0;
  }

  /** Of the first that does not come before `item`. */
  #indexOf(item: T): number {
    let [low, high] = [0, this.#items.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compare(this.#items[middle] as T, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

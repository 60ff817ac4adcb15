/** Items in order, each once. To find a place takes O(log n) comparisons, to make one moves what comes after it. */
export class SortedList<T> {
  #items: T[] = [];

  /** @param compare less than 0 when the first comes first, 0 when both are the same */
  constructor(private readonly compare: (a: T, b: T) => number) {}

  get length(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  /** In the place of one that is the same, if there is one. */
  add(item: T): void {
    const at = this.#indexOf(item);
    const isThere = at < this.#items.length && this.compare(this.#items[at] as T, item) === 0;
    this.#items.splice(at, isThere ? 1 : 0, item);
  }

  /** Removes at most so many from the start, as far as they are meant, and returns them. */
  takeFirst(isMeant: (item: T) => boolean, max: number): readonly T[] {
    let count = 0;
    while (count < Math.min(max, this.#items.length) && isMeant(this.#items[count] as T)) count++;
    return this.#items.splice(0, count);
  }

  keepOnly(isKept: (item: T) => boolean): void {
    this.#items = this.#items.filter(isKept);
  }

  /** All that do not come before `start`. The list must not be changed meanwhile. */
  *from(start: T): Generator<T> {
    for (let at = this.#indexOf(start); at < this.#items.length; at++) yield this.#items[at] as T;
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

/** Where something is in a list. */
export class Place<T> {
  before: Place<T> | undefined;
  after: Place<T> | undefined;

  constructor(readonly item: T) {}
}

/** Things by when they were used last. All it does takes the same few steps, however long it is, and nothing is allocated. */
export class RecencyList<T> {
  #first: Place<T> | undefined;
  #last: Place<T> | undefined;

  get oldest(): T | undefined {
    return this.#first?.item;
  }

  /** @param place one that is in no list */
  add(place: Place<T>): void {
    place.before = this.#last;
    if (this.#last) this.#last.after = place;
    else this.#first = place;
    this.#last = place;
  }

  /** It was used. */
  touch(place: Place<T>): void {
    if (place === this.#last) return;
    this.remove(place);
    this.add(place);
  }

  /** @param place one that is in this list */
  remove(place: Place<T>): void {
    const { before, after } = place;
    if (before) before.after = after;
    else this.#first = after;
    if (after) after.before = before;
    else this.#last = before;
    place.before = place.after = undefined;
  }
}

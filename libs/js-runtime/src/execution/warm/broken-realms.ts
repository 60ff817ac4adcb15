/** Realms in a row that a function has broken before it was served by one. */
const MOST_IN_A_ROW = 3;
/** For so long it is run in fresh ones then: each that is hardened for nothing takes several times as much. */
const FRESH_MS = 60_000;
/** Functions that are remembered. */
const MAX_FUNCTIONS = 1000;

interface Broken {
  inRow: number;
  /** `performance.now()` until when it is run in fresh realms. */
  freshUntil: number;
}

/** Functions that leave no realm as it was, by the key of their realms: to keep one for them is for nothing. */
export class BrokenRealms {
  readonly #functions = new Map<string, Broken>();

  /** Whether a realm was broken, and none has served since. */
  isSuspected(key: string): boolean {
    return this.#functions.has(key);
  }

  /** Whether it is to be run in a fresh realm. */
  wantsFresh(key: string): boolean {
    const broken = this.#functions.get(key);
    return broken !== undefined && broken.freshUntil > performance.now();
  }

  /** Its realm was found broken. */
  broke(key: string): void {
    const broken = this.#functions.get(key) ?? { inRow: 0, freshUntil: 0 };
    if (++broken.inRow >= MOST_IN_A_ROW) broken.freshUntil = performance.now() + FRESH_MS;
    this.#functions.delete(key);
    this.#functions.set(key, broken);
    if (this.#functions.size > MAX_FUNCTIONS) this.#forgetOldest();
  }

  /** Its realm has served once more. */
  served(key: string): void {
    this.#functions.delete(key);
  }

  #forgetOldest(): void {
    for (const oldest of this.#functions.keys()) {
      this.#functions.delete(oldest);
      return;
    }
  }
}

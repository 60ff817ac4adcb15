/** Compiled scripts that an isolate keeps, modules among them; they count against its heap limit. */
const MAX_SCRIPTS = 256;
const MAX_SOURCE_CHARS = 4 * 1024 * 1024;

interface Kept<T> {
  readonly sourceChars: number;
  readonly value: T;
}

/**
 * The compiled scripts of one isolate, by key; the least recently used go first. The child keeps the scripts themselves,
 * the backend only knows which there are: both follow this rule, so they agree. If they ever do not, the child
 * says so, and is sent everything.
 */
export class KeptScripts<T> {
  readonly #kept = new Map<string, Kept<T>>();
  readonly #onDrop: (value: T) => void;
  #sourceChars = 0;

  constructor(onDrop: (value: T) => void = () => undefined) {
    this.#onDrop = onDrop;
  }

  get(key: string): T | undefined {
    return this.#kept.get(key)?.value;
  }

  /** Adds a script, or makes it the most recently used one. */
  use(key: string, sourceChars: number, value: T): void {
    const before = this.#kept.get(key);
    if (before) this.#forget(key, before);
    this.#kept.set(key, { sourceChars, value });
    this.#sourceChars += sourceChars;
    for (const [oldest, kept] of this.#kept) {
      if (this.#kept.size <= MAX_SCRIPTS && this.#sourceChars <= MAX_SOURCE_CHARS) break;
      if (oldest === key) break;
      this.#forget(oldest, kept);
      this.#onDrop(kept.value);
    }
  }

  clear(): void {
    this.#kept.clear();
    this.#sourceChars = 0;
  }

  #forget(key: string, { sourceChars }: Kept<T>): void {
    this.#kept.delete(key);
    this.#sourceChars -= sourceChars;
  }
}

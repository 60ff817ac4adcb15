/** What one execution costs: until its caller has its result, and what is still done because of it then. */
export type Phase = 'path' | 'after';

/** How often each thing was done, by `<phase>.<side>.<what>`. What is missing was not done. */
export type Counts = Readonly<Record<string, number>>;

/** Counts what one process does, while it is on. */
export class Counter {
  readonly #side: string;
  readonly #counts: Record<Phase, Map<string, number>> = { path: new Map(), after: new Map() };
  #phase: Phase = 'path';
  #isOn = false;
  #total = 0;

  constructor(side: 'host' | 'vm') {
    this.#side = side;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Grows with everything that is counted, or would be: who sees it stand still sees that nothing happens. */
  get total(): number {
    return this.#total;
  }

  add(what: string, count = 1): void {
    this.#total += count;
    if (!this.#isOn) return;
    const counts = this.#counts[this.#phase];
    counts.set(what, (counts.get(what) ?? 0) + count);
  }

  /** An execution begins. */
  begin(): void {
    this.#counts.path.clear();
    this.#counts.after.clear();
    this.#phase = 'path';
    this.#isOn = true;
  }

  /** Its caller has the result. */
  answered(): void {
    this.#phase = 'after';
  }

  end(): void {
    this.#isOn = false;
  }

  /** What is done in here is not counted. */
  pause<T>(work: () => T): T {
    const wasOn = this.#isOn;
    this.#isOn = false;
    try {
      return work();
    } finally {
      this.#isOn = wasOn;
    }
  }

  counts(): Counts {
    const counts: Record<string, number> = {};
    for (const phase of ['path', 'after'] as const) {
      for (const [what, count] of this.#counts[phase]) counts[`${phase}.${this.#side}.${what}`] = count;
    }
    return counts;
  }
}

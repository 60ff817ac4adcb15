/** Tells on stderr what is being measured; the report has stdout for itself. */
export class Progress {
  readonly #steps: number;
  #step = 0;

  constructor(steps: number) {
    this.#steps = steps;
  }

  next(what: string): void {
    this.#step++;
    console.error(`[${this.#step}/${this.#steps}] ${what}`);
  }

  tell(result: string): void {
    console.error(`    ${result}`);
  }
}

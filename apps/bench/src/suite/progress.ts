const PLAIN_INTERVAL_MS = 5000;

/** Tells on stderr what is being measured, and how long it will go on: on a terminal in one line, elsewhere every few seconds. */
export class Progress {
  readonly #steps: number;
  readonly #startedAt = performance.now();
  #step = 0;
  #toldAt = -Infinity;

  constructor(steps: number) {
    this.#steps = steps;
  }

  next(...what: readonly string[]): void {
    this.#step++;
    const now = performance.now();
    if (!process.stderr.isTTY && now - this.#toldAt < PLAIN_INTERVAL_MS) return;
    this.#toldAt = now;
    this.#write(`[${this.#step}/${this.#steps}] ${what.join(' · ')}${this.#remaining(now)}`);
  }

  /** What will not be measured after all. */
  skip(steps: number): void {
    this.#step += steps;
  }

  tell(text: string): void {
    this.#write(text);
    if (process.stderr.isTTY) process.stderr.write('\n');
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }

  #write(line: string): void {
    process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
  }

  #remaining(now: number): string {
    const done = this.#step - 1;
    if (done === 0) return '';
    const seconds = ((now - this.#startedAt) / 1000 / done) * (this.#steps - done);
    return seconds < 90 ? ` · ${Math.ceil(seconds)} s left` : ` · ${Math.ceil(seconds / 60)} min left`;
  }
}

/** So much per second, and at once what it has saved, up to its size. */
export class TokenBucket {
  #tokens: number;
  #filledAt = performance.now();

  constructor(
    private readonly perSecond: number,
    private readonly size: number,
  ) {
    this.#tokens = size;
  }

  get isFull(): boolean {
    this.#fill();
    return this.#tokens === this.size;
  }

  has(): boolean {
    this.#fill();
    return this.#tokens >= 1;
  }

  /** To be called when it has one. */
  take(): void {
    this.#tokens--;
  }

  #fill(): void {
    const now = performance.now();
    this.#tokens = Math.min(this.size, this.#tokens + ((now - this.#filledAt) / 1000) * this.perSecond);
    this.#filledAt = now;
  }
}

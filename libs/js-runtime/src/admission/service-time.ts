/** Weight of the newest value: the mean forgets half of the past within seven executions. */
const WEIGHT = 0.1;

/** How long an execution holds its VM, as a moving mean. https://en.wikipedia.org/wiki/Exponential_smoothing */
export class ServiceTime {
  #meanMs: number | undefined;

  record(ms: number): void {
    this.#meanMs = this.#meanMs === undefined ? ms : this.#meanMs + WEIGHT * (ms - this.#meanMs);
  }

  /** Milliseconds; 0 while nothing has been measured. */
  get meanMs(): number {
    return this.#meanMs ?? 0;
  }
}

/** Sooner it is not worth the way, later nobody knows. */
const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 60_000;

/** After how long a caller may hope for a place, when `ahead` others are before it and `parallel` are served at a time. */
export function retryAfterMs(ahead: number, parallel: number, serviceMs: number): number {
  const turns = Math.ceil((ahead + 1) / Math.max(1, parallel));
  return Math.round(Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, turns * serviceMs)));
}

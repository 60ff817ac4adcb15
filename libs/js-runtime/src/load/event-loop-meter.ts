import type { LoadStats } from './load-stats.ts';

/** How often the event loop is asked to be in time: often enough for delays that matter, which takes 0.1 % of a CPU. */
const TICK_MS = 100;
const PERCENTILE = 0.99;
const NOTHING: LoadStats['eventLoopDelayMs'] = { mean: 0, p99: 0, max: 0 };

/**
 * How late the event loop is. Not by `monitorEventLoopDelay`: that forgets its last tick whenever it is reset, so while every turn of
 * the loop takes longer than an interval of measuring, which is when it matters, it would say 0.
 */
export class EventLoopMeter {
  #delaysMs: number[] = [];
  #latest = NOTHING;
  #lastTickAt = 0;
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    this.#lastTickAt = performance.now();
    this.#timer ??= setInterval(() => {
      this.#tick();
    }, TICK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#delaysMs = [];
    this.#latest = NOTHING;
  }

  /** Since this was last asked; what it was before when nothing was due since then. */
  take(): LoadStats['eventLoopDelayMs'] {
    const delays = this.#delaysMs.sort((one, other) => one - other);
    this.#delaysMs = [];
    if (delays.length === 0) return this.#latest;
    const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
    this.#latest = { mean, p99: delays[Math.ceil(PERCENTILE * delays.length) - 1] ?? 0, max: delays.at(-1) ?? 0 };
    return this.#latest;
  }

  #tick(): void {
    const now = performance.now();
    this.#delaysMs.push(Math.max(0, now - this.#lastTickAt - TICK_MS));
    this.#lastTickAt = now;
  }
}

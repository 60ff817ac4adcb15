import { percentile, Tally } from '../report.ts';
import { nowMs } from './clock.ts';
import type { Arrival } from './open-loop.ts';

/** The part of a run that counts, from its start on. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What became of the requests of one run. */
export class Observed {
  /** Of those that came in the window and were done. */
  readonly okMs: number[] = [];
  /** Of those that came in the window and were not: how long until they were told. */
  readonly refusedMs: number[] = [];
  /** Of those that came in the window. */
  readonly outcomes = new Tally();
  readonly #window: Window;
  #doneInWindow = 0;

  constructor(window: Window) {
    this.#window = window;
  }

  /** A request has just ended. Whatever it was, it takes from when it should have come. */
  ended({ dueAt, atMs }: Pick<Arrival, 'dueAt' | 'atMs'>, outcome: string): void {
    const tookMs = nowMs() - dueAt;
    const isOk = outcome === 'OK';
    if (isOk && this.#has(atMs + tookMs)) this.#doneInWindow++;
    if (!this.#has(atMs)) return;
    (isOk ? this.okMs : this.refusedMs).push(tookMs);
    this.outcomes.add(outcome);
  }

  /** Done per second, whenever they came. */
  get goodput(): number {
    return (this.#doneInWindow * 1000) / (this.#window.toMs - this.#window.fromMs);
  }

  get offered(): number {
    return (this.outcomes.total * 1000) / (this.#window.toMs - this.#window.fromMs);
  }

  get p50Ms(): number {
    return percentile(this.okMs, 50);
  }

  get p99Ms(): number {
    return percentile(this.okMs, 99);
  }

  #has(atMs: number): boolean {
    return atMs >= this.#window.fromMs && atMs < this.#window.toMs;
  }
}

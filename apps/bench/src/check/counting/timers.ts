import timers from 'node:timers';
import { syncBuiltinESMExports } from 'node:module';
import type { Counter } from './counter.ts';
import { replaceFunction, type AnyFunction } from './replace-function.ts';
import { uncounted } from './uncounted.ts';

interface Armed {
  readonly run: () => void;
  readonly isInterval: boolean;
  readonly delayMs: number;
  dueMs: number;
}

/** As late as a timer can be. */
const NEVER_MS = 2 ** 31 - 1;

/**
 * Counts timers, and can stop the clock by which they run: what happens because time passes happens at another point of each
 * execution, and on each machine. After that they only run when `advance` says so.
 */
export class CountedTimers {
  readonly #counter: Counter;
  readonly #armed = new Map<unknown, Armed>();
  readonly #immediates = new Set<unknown>();
  /** Undefined while the clock runs. */
  #stoppedAtMs: number | undefined;

  constructor(counter: Counter) {
    this.#counter = counter;
    this.#replace('setTimeout', (original) => this.#arming(original, 'setTimeout'));
    this.#replace('setInterval', (original) => this.#arming(original, 'setInterval'));
    this.#replace('setImmediate', (original) => this.#armingImmediate(original));
    for (const name of ['clearTimeout', 'clearInterval', 'clearImmediate']) {
      this.#replace(name, (original) => this.#disarming(original));
    }
    syncBuiltinESMExports();
  }

  /** Whether something is to happen in the next turn of the event loop. */
  get hasImmediates(): boolean {
    return this.#immediates.size > 0;
  }

  /** Whether a timer that runs once is due within so many milliseconds. */
  hasTimeoutWithin(ms: number): boolean {
    const untilMs = this.#nowMs() + ms;
    return [...this.#armed.values()].some(({ dueMs, isInterval }) => !isInterval && dueMs <= untilMs);
  }

  stopClock(): void {
    this.#stoppedAtMs = performance.now();
    for (const timer of this.#armed.keys()) uncounted.clearTimeout(timer as NodeJS.Timeout);
  }

  /** Runs, in their order, the timers of at most `ms` milliseconds that are due within `ms`; others wait for good. */
  advance(ms: number, done: () => void): void {
    const untilMs = this.#nowMs() + ms;
    const next = (): void => {
      const due = this.#firstDue(untilMs, ms);
      if (!due) {
        this.#stoppedAtMs = untilMs;
        done();
        return;
      }
      const [timer, armed] = due;
      this.#stoppedAtMs = armed.dueMs;
      if (armed.isInterval) armed.dueMs += armed.delayMs;
      else this.#armed.delete(timer);
      armed.run();
      uncounted.setImmediate(next);
    };
    next();
  }

  #firstDue(untilMs: number, maxDelayMs: number): [timer: unknown, armed: Armed] | undefined {
    let first: [timer: unknown, armed: Armed] | undefined;
    for (const entry of this.#armed) {
      const { dueMs, delayMs } = entry[1];
      if (dueMs <= untilMs && delayMs <= maxDelayMs && dueMs < (first?.[1].dueMs ?? Infinity)) first = entry;
    }
    return first;
  }

  #nowMs(): number {
    return this.#stoppedAtMs ?? performance.now();
  }

  #arming(original: AnyFunction, name: 'setTimeout' | 'setInterval'): AnyFunction {
    return (callback, delay, ...args) => {
      this.#counter.add(name);
      const delayMs = Math.max(1, Number(delay ?? 1));
      const run = (): void => {
        Reflect.apply(callback as AnyFunction, timer, args);
      };
      const runAndForget = (): void => {
        this.#armed.delete(timer);
        run();
      };
      const isInterval = name === 'setInterval';
      const isStopped = this.#stoppedAtMs !== undefined;
      const timer = original(isInterval ? run : runAndForget, isStopped ? NEVER_MS : delayMs);
      this.#armed.set(timer, { run, isInterval, delayMs, dueMs: this.#nowMs() + delayMs });
      return timer;
    };
  }

  #armingImmediate(original: AnyFunction): AnyFunction {
    return (callback, ...args) => {
      this.#counter.add('setImmediate');
      const immediate = original(() => {
        this.#immediates.delete(immediate);
        Reflect.apply(callback as AnyFunction, immediate, args);
      });
      this.#immediates.add(immediate);
      return immediate;
    };
  }

  #disarming(original: AnyFunction): AnyFunction {
    return (timer) => {
      this.#armed.delete(timer);
      this.#immediates.delete(timer);
      return original(timer);
    };
  }

  #replace(name: string, replace: (original: AnyFunction) => AnyFunction): void {
    replaceFunction(globalThis, name, replace);
    (timers as unknown as Record<string, unknown>)[name] = (globalThis as unknown as Record<string, unknown>)[name];
  }
}

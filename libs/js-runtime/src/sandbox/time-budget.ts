import type { Entry, EntryTimers } from './entry-timers.ts';

/** Why a script was stopped. */
export type TimeOutcome = 'timed-out' | 'out-of-cpu';

/**
 * How long a script may still take. Its deadline is the clock's. `maxCpuMs` is given only where the operating system does
 * not let the backend see what this process uses; then every entry into the isolate may take at most as long, by the clock,
 * as CPU time is left: a script is never given more, and waiting between entries does not count, but on a busy machine it may get less.
 */
export class TimeBudget {
  readonly #timers: EntryTimers;
  readonly #deadline: number;
  readonly #maxCpuMs: number;
  readonly #first: Entry;
  #isTimed = true;
  /** Of entries that are over. */
  #usedMs = 0;
  /** When the present entry began. */
  #cpuAtEntry: NodeJS.CpuUsage | undefined;
  #entryEndsAt = Infinity;

  constructor(first: Entry, timers: EntryTimers, timeoutMs: number, maxCpuMs = Infinity) {
    this.#first = first;
    this.#timers = timers;
    this.#deadline = performance.now() + timeoutMs;
    this.#maxCpuMs = maxCpuMs;
    if (maxCpuMs !== Infinity) this.#cpuAtEntry = process.cpuUsage();
  }

  /** Milliseconds until the deadline, at least 1. */
  remainingMs(now = performance.now()): number {
    return Math.max(1, Math.ceil(this.#deadline - now));
  }

  /** Timeout of the entry that is about to begin, in milliseconds; 0 for none. Where nobody else sees to `maxCpuMs`, there always is one. */
  entryMs(): number {
    return this.#timeoutFor(this.#first);
  }

  /** As `entryMs`, of one that is not the first of the execution. */
  laterEntryMs(): number {
    return this.#timeoutFor('later');
  }

  /** Whether the last entry had no timeout, and was not over at the deadline. */
  hasOverrun(): boolean {
    return !this.#isTimed && performance.now() >= this.#deadline;
  }

  /** The entry is over, and the script waits: what the process uses until the next is that of others. */
  pause(): void {
    this.#usedMs = this.#cpuMs();
    this.#cpuAtEntry = undefined;
    this.#entryEndsAt = Infinity;
  }

  /** Why there is nothing left; undefined while there is. */
  whyOver(): TimeOutcome | undefined {
    const now = performance.now();
    if (now >= this.#deadline) return 'timed-out';
    if (this.#maxCpuMs === Infinity) return undefined;
    return now >= this.#entryEndsAt || this.#cpuMs() >= this.#maxCpuMs ? 'out-of-cpu' : undefined;
  }

  #timeoutFor(entry: Entry): number {
    const now = performance.now();
    if (this.#maxCpuMs === Infinity) {
      const timeoutMs = this.#timers.timeoutFor(entry, this.remainingMs(now), now);
      this.#isTimed = timeoutMs > 0;
      return timeoutMs;
    }
    this.#cpuAtEntry ??= process.cpuUsage();
    const cpuMs = Math.max(1, Math.ceil(this.#maxCpuMs - this.#cpuMs()));
    this.#entryEndsAt = now + cpuMs;
    return Math.min(this.remainingMs(now), cpuMs);
  }

  #cpuMs(): number {
    if (!this.#cpuAtEntry) return this.#usedMs;
    const { user, system } = process.cpuUsage(this.#cpuAtEntry);
    return this.#usedMs + (user + system) / 1000;
  }
}

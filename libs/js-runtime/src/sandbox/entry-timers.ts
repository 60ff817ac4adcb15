/** An entry that begins an execution, in a fresh realm or a warm one, or a later one: a timer is due, an answer has come. */
export type Entry = 'run' | 'invocation' | 'later';

/**
 * Where so many are kept, no more are set for such an entry. A process has 10 000 uses, each a run or more. What comes later is the script's
 * to multiply, and must not leave the next without.
 *
 * isolated-vm goes through those that end together by recursion, as after the process was stopped for a while: a stack of 2 MiB, which is
 * what its threads have on Linux with glibc, was enough for 16 000, and not for 20 000.
 */
const MOST_KEPT: Readonly<Record<Entry, number>> = { run: 12_000, invocation: 8000, later: 4000 };
const MS_PER_SLOT = 1000;

/**
 * Bounds how many timers isolated-vm keeps in this process. It keeps that of an entry until its timeout has passed, some 150 bytes,
 * however soon the entry was over: a function that is called 30 000 times a second, with 30 s each time, would have 900 000 of them.
 *
 * An entry without a timer is held to its time by the backend, which ends the process for it.
 */
export class EntryTimers {
  #kept = 0;
  /** How many there are, by the second in which they end. */
  readonly #endingIn = new Map<number, number>();
  #slot = 0;

  /**
   * The timeout of an entry that may take `timeoutMs`: as much, or 0 for none.
   *
   * @param now as `performance.now()`
   */
  timeoutFor(entry: Entry, timeoutMs: number, now: number): number {
    this.#goOnTo(Math.floor(now / MS_PER_SLOT));
    if (this.#kept >= MOST_KEPT[entry]) return 0;
    const end = Math.floor((now + timeoutMs) / MS_PER_SLOT);
    this.#endingIn.set(end, (this.#endingIn.get(end) ?? 0) + 1);
    this.#kept++;
    return timeoutMs;
  }

  #goOnTo(slot: number): void {
    if (slot === this.#slot) return;
    this.#slot = slot;
    for (const [end, count] of this.#endingIn) {
      if (end >= slot) continue;
      this.#endingIn.delete(end);
      this.#kept -= count;
    }
  }
}

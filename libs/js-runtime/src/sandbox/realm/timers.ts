import type { Primordials } from './primordials.ts';

interface Timer {
  readonly id: number;
  readonly run: (...args: unknown[]) => unknown;
  readonly args: unknown[];
  readonly intervalMs: number | undefined;
  dueMs: number;
  next: Timer | undefined;
}

export interface RealmTimers {
  /** Milliseconds until the next timer is due (0 = now); undefined when there is none. */
  nextDelayMs(): number | undefined;
  /** Runs the first timer if it is due. @throws what the callback throws */
  runDue(): void;
  /** Drops all. */
  clear(): void;
}

/**
 * Defines `setTimeout`, `setInterval` and their `clear…`. The realm only keeps the list, sorted by due time; the
 * process outside asks when to enter again, so no host function is needed in here.
 */
export function installTimers(use: Primordials): RealmTimers {
  const maxDelayMs = 2 ** 31 - 1;
  let lastId = 0;
  let head: Timer | undefined;
  let tail: Timer | undefined;

  const insert = (timer: Timer): void => {
    if (!head || !tail) {
      head = tail = timer;
    } else if (timer.dueMs >= tail.dueMs) {
      tail = tail.next = timer;
    } else if (timer.dueMs < head.dueMs) {
      timer.next = head;
      head = timer;
    } else {
      let before = head;
      while (before.next && before.next.dueMs <= timer.dueMs) before = before.next;
      timer.next = before.next;
      before.next = timer;
    }
  };
  const start = (run: unknown, delay: unknown, args: unknown[], repeats: boolean): number => {
    if (typeof run !== 'function') throw new use.TypeError('A timer needs a function to call');
    const wanted = use.toNumber(delay);
    const delayMs = wanted >= 1 && wanted <= maxDelayMs ? wanted : 1;
    const timer: Timer = {
      __proto__: null,
      id: ++lastId,
      run: run as Timer['run'],
      args,
      intervalMs: repeats ? delayMs : undefined,
      dueMs: use.dateNow() + delayMs,
      next: undefined,
    } as Timer;
    insert(timer);
    return timer.id;
  };
  const clear = (id: unknown): void => {
    let before: Timer | undefined;
    for (let timer = head; timer; before = timer, timer = timer.next) {
      if (timer.id !== id) continue;
      if (before) before.next = timer.next;
      else head = timer.next;
      if (timer === tail) tail = before;
      return;
    }
  };

  const define = (name: string, value: (...args: never[]) => unknown): void => {
    use.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  };
  const setTimeout = (run: unknown, delay?: unknown, ...args: unknown[]): number => start(run, delay, args, false);
  const setInterval = (run: unknown, delay?: unknown, ...args: unknown[]): number => start(run, delay, args, true);
  define('setTimeout', setTimeout);
  define('setInterval', setInterval);
  define('clearTimeout', clear);
  define('clearInterval', clear);

  return {
    nextDelayMs() {
      if (!head) return undefined;
      const delayMs = head.dueMs - use.dateNow();
      return delayMs > 0 ? delayMs : 0;
    },
    runDue() {
      const timer = head;
      if (!timer || timer.dueMs > use.dateNow()) return;
      head = timer.next;
      if (!head) tail = undefined;
      timer.next = undefined;
      if (timer.intervalMs !== undefined) {
        timer.dueMs = use.dateNow() + timer.intervalMs;
        insert(timer);
      }
      use.apply(timer.run, undefined, timer.args);
    },
    clear() {
      head = tail = undefined;
      // An id that was kept is no other timer's now, and how many there were is nobody's business.
      lastId = (use.random() * 2 ** 30) | 0;
    },
  };
}

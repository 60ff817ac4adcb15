import { readCpuTimes, wantsCpu, type CpuTimes } from './cpu-times.ts';

/** However busy the machine is, patience ends after this many times the time allowed, but not before the next. */
const MOST_TIMES = 20;
const LEAST_MOST_MS = 5000;

/**
 * How long a VM process may still take for something. It is judged by its own time: what it spends waiting for a CPU is
 * the machine's fault, and to kill it for that makes the machine busier by the start of another.
 */
export class Patience {
  readonly #startedAt = performance.now();
  readonly #before: CpuTimes | undefined;

  constructor(
    private readonly pid: number,
    private readonly timeoutMs: number,
  ) {
    this.#before = readCpuTimes(pid);
  }

  /** Zero when it is over. Costs nothing before `timeoutMs` have passed. */
  remainingMs(): number {
    const { pid, timeoutMs } = this;
    const elapsedMs = performance.now() - this.#startedAt;
    if (elapsedMs < timeoutMs) return timeoutMs - elapsedMs;
    const atMostMs = Math.max(MOST_TIMES * timeoutMs, LEAST_MOST_MS);
    const spentMs = ownMs(elapsedMs, this.#before, readCpuTimes(pid), wantsCpu(pid));
    return Math.max(0, Math.min(timeoutMs - spentMs, atMostMs - elapsedMs));
  }
}

/**
 * How much of `elapsedMs` was a process's own time. `wants`: it runs or waits for a CPU now; then it may have waited since
 * it last ran, which is not in `after` yet, so that only what it ran is certain to be its own.
 */
export function ownMs(
  elapsedMs: number,
  before: CpuTimes | undefined,
  after: CpuTimes | undefined,
  wants: boolean,
): number {
  if (!before || !after) return elapsedMs;
  const notWaitedMs = elapsedMs - (after.waitedMs - before.waitedMs);
  return wants ? Math.min(notWaitedMs, after.ranMs - before.ranMs) : notWaitedMs;
}

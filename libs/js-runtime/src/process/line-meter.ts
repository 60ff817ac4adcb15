import { MEMORY_ALLOWANCE_MB } from '../protocol/messages.ts';
import type { InvocationRequest, UnderWay } from './invocation-line.ts';
import type { ProcessMeter } from './process-meter.ts';
import type { MeteredUse } from './run-meter.ts';

const MIB = 1024 * 1024;

/**
 * Measures invocations that follow each other without a pause against their limits. Nothing is read for each of them: what the oldest
 * has used counts from the first look at which it was the oldest.
 *
 * Of several that overlap the process says which one goes on. What it has used from one look to the next counts for the one that was at
 * it all the while, if there is one; and together they may use what all of them may.
 */
export class LineMeter {
  /** The only one, or the number of those that overlap. */
  #measured: InvocationRequest | number | undefined;
  #cpuMsBefore = 0;
  #used: MeteredUse = { cpuMs: 0, peakMemoryBytes: 0 };
  /** At the last look at several. */
  #last = { turn: -1, cpuMs: 0 };
  /** Of several, what each was seen to have used, in milliseconds. */
  readonly #usedBy = new WeakMap<InvocationRequest, number>();

  /** @param idleBytes what the process had when it was new */
  constructor(
    private readonly process: ProcessMeter,
    private readonly idleBytes: number,
  ) {}

  /** The limit that is exceeded, if one is. */
  look({ begun, maxCpuMs, group, atIt, turn }: UnderWay): 'cpu' | 'memory' | undefined {
    const cpuMs = this.process.cpuMs();
    const privateBytes = this.process.privateBytes();
    const [oldest] = begun;
    // It is gone.
    if (cpuMs === undefined || privateBytes === undefined || !oldest) return undefined;
    const bytes = Math.max(0, privateBytes - this.idleBytes);
    const measured = group > 0 ? group : oldest;
    if (measured !== this.#measured) {
      this.#measured = measured;
      this.#cpuMsBefore = cpuMs;
      this.#used = { cpuMs: 0, peakMemoryBytes: bytes };
    } else {
      const peakMemoryBytes = Math.max(this.#used.peakMemoryBytes, bytes);
      this.#used = { cpuMs: cpuMs - this.#cpuMsBefore, peakMemoryBytes };
    }
    if (group > 0) {
      if (atIt && this.#usedByNow(atIt, turn, cpuMs) > atIt.limits.maxCpuMs) return 'cpu';
      if (this.#used.cpuMs > maxCpuMs) return 'cpu';
    } else if (this.#used.cpuMs > oldest.limits.maxCpuMs) {
      return 'cpu';
    }
    const { maxMemoryMb } = oldest.limits;
    return this.#used.peakMemoryBytes > (maxMemoryMb + MEMORY_ALLOWANCE_MB) * MIB ? 'memory' : undefined;
  }

  /** What it was seen to have used while it was the only one; undefined when nobody has looked, or there were others. */
  read(oldest: InvocationRequest): MeteredUse | undefined {
    return oldest === this.#measured ? this.#used : undefined;
  }

  #usedByNow(atIt: InvocationRequest, turn: number, cpuMs: number): number {
    const more = turn === this.#last.turn ? cpuMs - this.#last.cpuMs : 0;
    this.#last = { turn, cpuMs };
    const usedMs = (this.#usedBy.get(atIt) ?? 0) + more;
    this.#usedBy.set(atIt, usedMs);
    return usedMs;
  }
}

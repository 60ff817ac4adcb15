import { MEMORY_ALLOWANCE_MB } from '../protocol/messages.ts';
import type { InvocationRequest, UnderWay } from './invocation-line.ts';
import type { ProcessMeter } from './process-meter.ts';
import type { MeteredUse } from './run-meter.ts';

const MIB = 1024 * 1024;
/** With less of the time since the last look spent on a CPU, those that are under way wait. */
const BUSY = 0.5;

/**
 * Measures invocations that follow each other without a pause against their limits. Nothing is read for each of them: what the oldest
 * has used counts from the first look at which it was the oldest.
 *
 * Of several that overlap nobody sees from outside which of them is at it. Together they may use what all of them may; and while the
 * process is busy and says nothing, only one can be at it, so that there is no more for that than any of them may use.
 */
export class LineMeter {
  /** The only one, or the number of those that overlap. */
  #measured: InvocationRequest | number | undefined;
  #cpuMsBefore = 0;
  #used: MeteredUse = { cpuMs: 0, peakMemoryBytes: 0 };
  /** Since when, and since how much CPU, it is busy and says nothing. */
  #silent = { progress: 0, cpuMs: 0 };
  #last = { at: 0, cpuMs: 0 };

  /** @param idleBytes what the process had when it was new */
  constructor(
    private readonly process: ProcessMeter,
    private readonly idleBytes: number,
  ) {}

  /** The limit that is exceeded, if one is. */
  look({ begun, maxCpuMs, group, progress }: UnderWay): 'cpu' | 'memory' | undefined {
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
      const most = Math.max(...begun.map(({ limits }) => limits.maxCpuMs));
      if (this.#silentCpuMs(cpuMs, progress) > most || this.#used.cpuMs > maxCpuMs) return 'cpu';
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

  #silentCpuMs(cpuMs: number, progress: number): number {
    const now = performance.now();
    const isBusy = cpuMs - this.#last.cpuMs > BUSY * (now - this.#last.at);
    this.#last = { at: now, cpuMs };
    if (!isBusy || progress !== this.#silent.progress) this.#silent = { progress, cpuMs };
    return cpuMs - this.#silent.cpuMs;
  }
}

import { MEMORY_ALLOWANCE_MB } from '../protocol/messages.ts';
import type { InvocationRequest } from './invocation-line.ts';
import type { ProcessMeter } from './process-meter.ts';
import type { MeteredUse } from './run-meter.ts';

const MIB = 1024 * 1024;

/**
 * Measures invocations that follow each other without a pause against their limits. Nothing is read for each of them: what the oldest
 * has used counts from the first look at which it was the oldest.
 */
export class LineMeter {
  #oldest: InvocationRequest | undefined;
  #cpuMsBefore = 0;
  #used: MeteredUse = { cpuMs: 0, peakMemoryBytes: 0 };

  /** @param idleBytes what the process had when it was new */
  constructor(
    private readonly process: ProcessMeter,
    private readonly idleBytes: number,
  ) {}

  /** The limit that is exceeded, if one is. */
  look(oldest: InvocationRequest): 'cpu' | 'memory' | undefined {
    const cpuMs = this.process.cpuMs();
    const privateBytes = this.process.privateBytes();
    // It is gone.
    if (cpuMs === undefined || privateBytes === undefined) return undefined;
    const bytes = Math.max(0, privateBytes - this.idleBytes);
    if (oldest !== this.#oldest) {
      this.#oldest = oldest;
      this.#cpuMsBefore = cpuMs;
      this.#used = { cpuMs: 0, peakMemoryBytes: bytes };
    } else {
      const peakMemoryBytes = Math.max(this.#used.peakMemoryBytes, bytes);
      this.#used = { cpuMs: cpuMs - this.#cpuMsBefore, peakMemoryBytes };
    }
    const { maxCpuMs, maxMemoryMb } = oldest.limits;
    if (this.#used.cpuMs > maxCpuMs) return 'cpu';
    return this.#used.peakMemoryBytes > (maxMemoryMb + MEMORY_ALLOWANCE_MB) * MIB ? 'memory' : undefined;
  }

  /** What it was seen to have used while it was the oldest; undefined when nobody has looked. */
  read(oldest: InvocationRequest): MeteredUse | undefined {
    return oldest === this.#oldest ? this.#used : undefined;
  }
}

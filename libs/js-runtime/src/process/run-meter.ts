import type { ProcessMeter } from './process-meter.ts';

const MIB = 1024 * 1024;

/**
 * What a process may have beyond its memory limit and what it had when idle. The limit is the isolate's heap; beside it V8
 * has its young generation, code and what it parses, and the process has the request, the result and their copies.
 */
export const MEMORY_ALLOWANCE_MB = 32;
/**
 * How much of all that may be taken already when a request begins, by what those before have left. A half of the limit, as
 * V8 keeps the pages of heaps that are gone, and uses them again; and most of the allowance.
 */
export function maxKeptBytes(maxMemoryMb: number): number {
  return (maxMemoryMb / 2 + 24) * MIB;
}

export interface MeterLimits {
  readonly maxCpuMs: number;
  readonly maxMemoryMb: number;
}

/** What a request has used of its process, as seen from outside. */
export interface MeteredUse {
  readonly cpuMs: number;
  /** The most memory that the process was seen to have beyond what it has when idle. */
  readonly peakMemoryBytes: number;
}

/** Measures one request to a process against its limits. */
export class RunMeter {
  /** CPU time of the process when the request was sent, and when it turned to it. */
  readonly #cpuMsWhenSent: number;
  #cpuMsBefore: number;
  #cpuMs = 0;
  #peakMemoryBytes = 0;

  constructor(
    private readonly process: ProcessMeter,
    private readonly limits: MeterLimits,
    /** What the process had when it was new. */
    private readonly idleBytes: number,
  ) {
    this.#cpuMsWhenSent = this.#cpuMsBefore = process.cpuMs() ?? 0;
  }

  /** The process says that only now it turns to the request; until then it did something else. */
  begun(): void {
    this.#cpuMsBefore = this.process.cpuMs() ?? this.#cpuMsBefore;
  }

  /**
   * The process has answered, and says how much CPU that took. It is believed only between what is certain: it cannot be more
   * than since the request was sent, nor less than since it was heard to have begun, which may have been late.
   */
  answered(claimedCpuMs: number): MeteredUse {
    const use = this.read();
    if (this.#cpuMsBefore === this.#cpuMsWhenSent) return use;
    const atMostMs = use.cpuMs + this.#cpuMsBefore - this.#cpuMsWhenSent;
    return { ...use, cpuMs: Math.min(Math.max(use.cpuMs, claimedCpuMs), atMostMs) };
  }

  /** The limit that is exceeded, if one is. */
  look(): 'cpu' | 'memory' | undefined {
    const { cpuMs, peakMemoryBytes } = this.read();
    if (cpuMs > this.limits.maxCpuMs) return 'cpu';
    return peakMemoryBytes > (this.limits.maxMemoryMb + MEMORY_ALLOWANCE_MB) * MIB ? 'memory' : undefined;
  }

  /** What was used until now; until it ended, of a process that is gone. */
  read(): MeteredUse {
    const cpuMs = this.process.cpuMs();
    if (cpuMs !== undefined) this.#cpuMs = cpuMs - this.#cpuMsBefore;
    const memoryBytes = (this.process.privateBytes() ?? 0) - this.idleBytes;
    this.#peakMemoryBytes = Math.max(this.#peakMemoryBytes, memoryBytes);
    return { cpuMs: this.#cpuMs, peakMemoryBytes: this.#peakMemoryBytes };
  }
}

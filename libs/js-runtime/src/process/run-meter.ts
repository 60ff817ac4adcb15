import { MEMORY_ALLOWANCE_MB } from '../protocol/messages.ts';
import type { ProcessMeter } from './process-meter.ts';

const MIB = 1024 * 1024;

/**
 * How much more than when it was new a process may have when a request begins, because of those before. With nothing but trivial
 * scripts it has 11 MB more after a thousand of them.
 */
export const MAX_KEPT_BYTES = 32 * MIB;
/** What making the next realm may take at most, with a new isolate and a collection of garbage. */
const MAX_RECYCLING_CPU_MS = 500;

export interface MeterLimits {
  readonly maxCpuMs: number;
  readonly maxMemoryMb: number;
}

/** What a request has used of its process, as seen from outside. */
export interface MeteredUse {
  readonly cpuMs: number;
  /** The most memory that the process was seen to have beyond what it had when the request began. */
  readonly peakMemoryBytes: number;
}

/**
 * Measures one request to a process against its limits. A process that still recycles when the request is sent does not work
 * on it yet: what that takes is not the request's.
 */
export class RunMeter {
  /** CPU time of the process when the request was sent, and when it turned to it. */
  readonly #cpuMsWhenSent: number;
  #cpuMsBefore: number;
  #hasBegun: boolean;
  /** Its memory when the request began. */
  #bytesBefore: number;
  #cpuMs = 0;
  #peakBytes = 0;
  #isOver = false;

  /** @param restBytes memory of a process that turns to the request at once; of one that has not recycled yet, undefined */
  constructor(
    private readonly process: ProcessMeter,
    private readonly limits: MeterLimits,
    /** What the process had when it was new. */
    private readonly idleBytes: number,
    restBytes: number | undefined,
  ) {
    this.#cpuMsWhenSent = this.#cpuMsBefore = process.cpuMs() ?? 0;
    this.#hasBegun = restBytes !== undefined;
    this.#bytesBefore = restBytes ?? process.privateBytes() ?? idleBytes;
  }

  /** The process says that only now it turns to the request; until then it did something else. */
  begun(): void {
    this.#hasBegun = true;
    this.#cpuMsBefore = this.process.cpuMs() ?? this.#cpuMsBefore;
    this.#bytesBefore = this.process.privateBytes() ?? this.#bytesBefore;
    this.#cpuMs = this.#peakBytes = 0;
  }

  /**
   * The process has answered, and says how much CPU that took. It is believed only between what is certain: it cannot be more
   * than since the request was sent, nor less than since it was heard to have begun, which may have been late.
   */
  answered(claimedCpuMs: number): MeteredUse {
    const use = this.read();
    const atMostMs = use.cpuMs + this.#cpuMsBefore - this.#cpuMsWhenSent;
    return { ...use, cpuMs: Math.min(Math.max(use.cpuMs, claimedCpuMs), atMostMs) };
  }

  /** The limit that is exceeded, if one is. */
  look(): 'cpu' | 'memory' | undefined {
    const { cpuMs, peakMemoryBytes } = this.read();
    if (cpuMs > this.limits.maxCpuMs + (this.#hasBegun ? 0 : MAX_RECYCLING_CPU_MS)) return 'cpu';
    return peakMemoryBytes > (this.limits.maxMemoryMb + MEMORY_ALLOWANCE_MB) * MIB ? 'memory' : undefined;
  }

  /** Whether it was seen to have more than its limit, even if that is within what is allowed beyond. */
  get isFull(): boolean {
    return this.#peakBytes - this.idleBytes > this.limits.maxMemoryMb * MIB;
  }

  /** What was used until now; until it ended, of a process that is gone. */
  read(): MeteredUse {
    if (!this.#isOver) this.#update();
    return { cpuMs: this.#cpuMs, peakMemoryBytes: Math.max(0, this.#peakBytes - this.#bytesBefore) };
  }

  /** The answer is there: what the process does from now on is for nobody. */
  stop(): void {
    this.read();
    this.#isOver = true;
  }

  #update(): void {
    const cpuMs = this.process.cpuMs();
    // A process that dies has lost its helper threads first.
    if (cpuMs !== undefined) this.#cpuMs = Math.max(this.#cpuMs, cpuMs - this.#cpuMsBefore);
    this.#peakBytes = Math.max(this.#peakBytes, this.process.privateBytes() ?? 0);
  }
}

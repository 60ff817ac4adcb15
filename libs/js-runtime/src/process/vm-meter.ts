import { ProcessMeter } from './process-meter.ts';
import { MAX_KEPT_BYTES, RunMeter, type MeterLimits } from './run-meter.ts';

/** Measures a VM process, against what it was when it was new. */
export class VmMeter {
  readonly #process: ProcessMeter;
  readonly #idleBytes: number;
  readonly #idleReservedBytes: number;

  /** @throws Error when the process is gone, or there are no descriptors left */
  constructor(pid: number) {
    this.#process = new ProcessMeter(pid);
    this.#idleBytes = this.#process.privateBytes() ?? 0;
    this.#idleReservedBytes = this.#process.reservedBytes() ?? 0;
  }

  /** Whether this system tells what a process uses. */
  static get isSupported(): boolean {
    return ProcessMeter.isSupported;
  }

  /** Milliseconds of CPU since it was started; undefined when it is gone. */
  cpuMs(): number | undefined {
    return this.#process.cpuMs();
  }

  /** Memory that is the process's alone; undefined when it is gone. */
  memoryBytes(): number | undefined {
    return this.#process.privateBytes();
  }

  /** For a request that is about to be sent. */
  measure(limits: MeterLimits, isRecycled: boolean): RunMeter {
    return new RunMeter(this.#process, limits, this.#idleBytes, isRecycled);
  }

  /** Whether it has so much memory left of former requests that the next could exceed a limit because of it. */
  keepsTooMuch(): boolean {
    // What is reserved counts for the kernel, whether it was ever used or not.
    return (this.#process.reservedBytes() ?? 0) - this.#idleReservedBytes > MAX_KEPT_BYTES;
  }

  close(): void {
    this.#process.close();
  }
}

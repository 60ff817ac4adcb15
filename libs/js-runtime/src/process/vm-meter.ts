import { LineMeter } from './line-meter.ts';
import { ProcessMeter } from './process-meter.ts';
import { MAX_KEPT_BYTES, RunMeter, type MeterLimits } from './run-meter.ts';

const MIB = 1024 * 1024;

/** Measures a VM process, against what it was when it was new. */
export class VmMeter {
  readonly #process: ProcessMeter;
  readonly #idleBytes: number;
  readonly #idleReservedBytes: number;
  /** Until the next request it does nothing. */
  #restBytes: number;
  #restReservedBytes: number;

  /** @throws Error when the process is gone, or there are no descriptors left */
  constructor(pid: number) {
    this.#process = new ProcessMeter(pid);
    const { privateBytes = 0, reservedBytes = 0 } = this.#process.memory() ?? {};
    this.#idleBytes = this.#restBytes = privateBytes;
    this.#idleReservedBytes = this.#restReservedBytes = reservedBytes;
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

  /** What it had beyond what it had when it was new, when somebody last looked: at what runs there, or after it had recycled. */
  get lastSeenBytes(): number {
    return Math.max(0, this.#process.lastPrivateBytes - this.#idleBytes);
  }

  /** Its memory when it last had recycled. */
  get restBytes(): number {
    return this.#restBytes;
  }

  /** For a request that is about to be sent. */
  measure(limits: MeterLimits, isRecycled: boolean): RunMeter {
    return new RunMeter(this.#process, limits, this.#idleBytes, isRecycled ? this.#restBytes : undefined);
  }

  /** For invocations. */
  measureLine(): LineMeter {
    return new LineMeter(this.#process, this.#idleBytes);
  }

  /** To be called when it has recycled. */
  hasRecycled(): void {
    const memory = this.#process.memory();
    if (!memory) return;
    this.#restBytes = memory.privateBytes;
    this.#restReservedBytes = memory.reservedBytes;
  }

  /**
   * Whether, when it last had recycled, so much memory was left of former requests that the next could exceed a limit because of it.
   *
   * @param warmMb what its warm realms may keep: within the limit of the heap that they share with the next request
   */
  keepsTooMuch(warmMb: number): boolean {
    // What is reserved counts for the kernel, whether it was ever used or not.
    return this.#restReservedBytes - this.#idleReservedBytes > MAX_KEPT_BYTES + warmMb * MIB;
  }

  close(): void {
    this.#process.close();
  }
}

import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const NS_PER_MS = 1e6;
/** Longer than any of the files; both are a line of numbers. */
const buffer = Buffer.alloc(256);

/**
 * Reads from outside what a process uses. The files stay open, so that a look costs a microsecond and can only ever be at
 * this process, not at a later one of the same id.
 */
export class ProcessMeter {
  readonly #schedstat: number;
  readonly #statm: number;
  #isClosed = false;

  private constructor(schedstat: number, statm: number) {
    this.#schedstat = schedstat;
    this.#statm = statm;
  }

  /** Undefined where the kernel does not tell: on other systems than Linux, and where it does not count. */
  static open(pid: number): ProcessMeter | undefined {
    const opened: number[] = [];
    try {
      const [schedstat, statm] = ['schedstat', 'statm'].map((file) => {
        const descriptor = openSync(`/proc/${pid}/${file}`, 'r');
        opened.push(descriptor);
        return descriptor;
      }) as [number, number];
      const meter = new ProcessMeter(schedstat, statm);
      if (pageBytes() > 0 && meter.cpuMs() !== undefined) return meter;
    } catch {
      // There are no such files.
    }
    for (const descriptor of opened) closeSync(descriptor);
    return undefined;
  }

  /**
   * Milliseconds for which the main thread, in which all scripts run, has been on a CPU. Undefined when the process is gone.
   * https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
   */
  cpuMs(): number | undefined {
    const [ranNs = 0] = this.#read(this.#schedstat);
    return ranNs > 0 ? ranNs / NS_PER_MS : undefined;
  }

  /**
   * Memory that is this process's alone: resident, and not of a file, which others have mapped too. Undefined when it is gone.
   * https://docs.kernel.org/filesystems/proc.html (statm)
   */
  privateBytes(): number | undefined {
    const [, resident = 0, shared = 0] = this.#read(this.#statm);
    return resident > 0 ? (resident - shared) * pageBytes() : undefined;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.#schedstat);
    closeSync(this.#statm);
  }

  #read(descriptor: number): number[] {
    if (this.#isClosed) return [];
    try {
      return buffer
        .toString('latin1', 0, readSync(descriptor, buffer, 0, buffer.byteLength, 0))
        .split(' ')
        .map(Number);
    } catch {
      return [];
    }
  }
}

const AT_PAGESZ = 6n;
let pageSize: number | undefined;

/** Size of a page of memory; 0 where nobody can tell. From the auxiliary vector: https://man7.org/linux/man-pages/man3/getauxval.3.html */
function pageBytes(): number {
  pageSize ??= readPageBytes();
  return pageSize;
}

function readPageBytes(): number {
  const bytes = readFileSync('/proc/self/auxv');
  const entries = new BigUint64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const index = entries.findIndex((key, at) => at % 2 === 0 && key === AT_PAGESZ);
  return Number(entries[index + 1] ?? 0n);
}

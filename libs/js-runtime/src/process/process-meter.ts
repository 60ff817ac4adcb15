import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { readCpuTimes, threadsOf } from './cpu-times.ts';

const NS_PER_MS = 1e6;
/** Longer than any of the files, which are a line of numbers each. */
const buffer = Buffer.alloc(256);

export interface ProcessMemory {
  /** As `ProcessMeter.privateBytes`. */
  readonly privateBytes: number;
  /** What it could have without asking: mapped private and writable, which is what RLIMIT_DATA counts, and the main thread's stack. */
  readonly reservedBytes: number;
}

/**
 * Reads from outside what a process uses. The files stay open, so that a look costs some microseconds and can only ever be at
 * this process, not at a later one of the same id.
 */
export class ProcessMeter {
  /** Of each thread that works. */
  readonly #schedstats: number[] = [];
  readonly #statm: number;
  #isClosed = false;
  #lastPrivateBytes = 0;

  /** @throws Error when the process is gone, or there are no descriptors left */
  constructor(pid: number) {
    this.#statm = openSync(`/proc/${pid}/statm`, 'r');
    try {
      for (const thread of threadsOf(pid)) {
        if (works(pid, thread)) this.#schedstats.push(openSync(`/proc/${pid}/task/${thread}/schedstat`, 'r'));
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** False where the kernel does not tell: on other systems than Linux, and where it does not count. */
  static get isSupported(): boolean {
    return (isSupported ??= pageBytes() > 0 && readCpuTimes(process.pid) !== undefined);
  }

  /**
   * Milliseconds for which it has been on a CPU, in the threads that work: the main thread, in which all scripts run, and V8's
   * helpers. Others only sleep until a timeout. Undefined when the process is gone.
   * https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
   */
  cpuMs(): number | undefined {
    let ranNs = 0;
    for (const schedstat of this.#schedstats) if (this.#read(schedstat)) ranNs += numberAt(0);
    return ranNs > 0 ? ranNs / NS_PER_MS : undefined;
  }

  /**
   * Memory that is this process's alone: resident, and not of a file, which others have mapped too. Undefined when it is gone.
   * https://docs.kernel.org/filesystems/proc.html (statm)
   */
  privateBytes(): number | undefined {
    return this.#read(this.#statm) ? (this.#lastPrivateBytes = privateBytesRead()) : undefined;
  }

  /** What it had when it was last looked at. */
  get lastPrivateBytes(): number {
    return this.#lastPrivateBytes;
  }

  /** Both at once. Undefined when it is gone. */
  memory(): ProcessMemory | undefined {
    if (!this.#read(this.#statm)) return undefined;
    this.#lastPrivateBytes = privateBytesRead();
    return { privateBytes: this.#lastPrivateBytes, reservedBytes: numberAt(5) * pageBytes() };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const descriptor of [this.#statm, ...this.#schedstats]) closeSync(descriptor);
  }

  /** Reads a file into the buffer. False when there is nothing to read any more. */
  #read(descriptor: number): boolean {
    if (this.#isClosed) return false;
    try {
      // Of a process that is gone, statm has zeros.
      return readSync(descriptor, buffer, 0, buffer.byteLength, 0) > 0 && numberAt(0) > 0;
    } catch {
      return false;
    }
  }
}

/** Of the statm that is in the buffer. */
function privateBytesRead(): number {
  return (numberAt(1) - numberAt(2)) * pageBytes();
}

const SPACE = 0x20;
const ZERO = 0x30;

/** The number after so many spaces in the buffer. Without a string: this is done for every execution. */
function numberAt(spaces: number): number {
  let index = 0;
  for (let left = spaces; left > 0; index++) if (buffer[index] === SPACE) left--;
  let number = 0;
  for (; ; index++) {
    const digit = (buffer[index] ?? SPACE) - ZERO;
    if (digit < 0 || digit > 9) return number;
    number = number * 10 + digit;
  }
}

/** Whether a thread does more than sleep: the main thread, which has the id of the process, and those of V8. */
function works(pid: number, thread: number): boolean {
  if (thread === pid) return true;
  try {
    return readFileSync(`/proc/${pid}/task/${thread}/comm`, 'latin1').includes('V8Worker');
  } catch (error) {
    // One that slept until a timeout has ended since it was listed. V8's live as long as the process.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ESRCH')
      return false;
    throw error;
  }
}

const AT_PAGESZ = 6n;
let isSupported: boolean | undefined;
let pageSize: number | undefined;

/** Size of a page of memory; 0 where nobody can tell. From the auxiliary vector: https://man7.org/linux/man-pages/man3/getauxval.3.html */
function pageBytes(): number {
  pageSize ??= readPageBytes();
  return pageSize;
}

function readPageBytes(): number {
  let bytes: Buffer;
  try {
    bytes = readFileSync('/proc/self/auxv');
  } catch {
    return 0;
  }
  const entries = new BigUint64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const index = entries.findIndex((key, at) => at % 2 === 0 && key === AT_PAGESZ);
  return Number(entries[index + 1] ?? 0n);
}

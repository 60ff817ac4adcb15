import { readFileSync, writeFileSync } from 'node:fs';

const SAMPLE_EVERY_MS = 1;

interface Watched {
  readonly pid: number;
  readonly idleMb: number;
  peakMb: number;
}

/** Watches how large processes become. The kernel keeps the peak; it is read often because it is lost with the process. */
export class MemoryMeter {
  /** What a process took when it was first seen idle. */
  readonly #idleMb = new Map<number, number>();
  #watched: Watched[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** Begins with processes that are idle now. */
  start(pids: readonly number[]): void {
    this.#watched = pids.map((pid) => {
      forgetPeak(pid);
      const { rssMb, peakMb } = readMemory(pid);
      const idleMb = this.#idleMb.get(pid) ?? rssMb;
      this.#idleMb.set(pid, idleMb);
      return { pid, idleMb, peakMb };
    });
    this.#timer = setInterval(() => {
      this.#sample();
    }, SAMPLE_EVERY_MS);
  }

  /** How far any of them was over its idle size at most. */
  stop(): number {
    this.#sample();
    clearInterval(this.#timer);
    return Math.max(0, ...this.#watched.map(({ idleMb, peakMb }) => peakMb - idleMb));
  }

  #sample(): void {
    for (const process of this.#watched) process.peakMb = Math.max(process.peakMb, readMemory(process.pid).peakMb);
  }
}

/** Zeros for a process that is gone. */
export function readMemory(pid: number): { readonly rssMb: number; readonly peakMb: number } {
  let status = '';
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    // It has just ended.
  }
  const [, peak = 0] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  const [, rss = 0] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return { rssMb: Number(rss) / 1024, peakMb: Number(peak) / 1024 };
}

/** Lets the kernel begin anew, so that a case is not blamed for one before it. Where it may not, cases are blamed too early. */
function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Only the attribution suffers.
  }
}

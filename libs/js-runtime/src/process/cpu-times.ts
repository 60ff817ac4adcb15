import { readdirSync, readFileSync } from 'node:fs';

/** What the main thread of a process has had of the CPUs since it was started. */
export interface CpuTimes {
  /** For how long it ran. */
  readonly ranMs: number;
  /** For how long it could have run, and waited for a CPU. A wait is added when it ends, not while it lasts. */
  readonly waitedMs: number;
}

const NS_PER_MS = 1e6;

/**
 * Takes some microseconds. Undefined where the kernel does not tell (other systems than Linux have no such file, a
 * kernel that does not count writes zeros), and for a process that is gone.
 * https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
 */
export function readCpuTimes(pid: number): CpuTimes | undefined {
  const [ranNs = 0, waitedNs = 0] = (read(`/proc/${pid}/schedstat`) ?? '').split(' ').map(Number);
  return ranNs > 0 ? { ranMs: ranNs / NS_PER_MS, waitedMs: waitedNs / NS_PER_MS } : undefined;
}

/** Whether a thread of the process runs or waits for a CPU right now. False where the kernel does not tell. */
export function wantsCpu(pid: number): boolean {
  // Its helpers count: the main thread sleeps while V8's threads collect garbage for it.
  return threadsOf(pid).some((tid) => {
    const stat = read(`/proc/${pid}/task/${tid}/stat`) ?? '';
    // The state comes after the name, which is in parentheses and may have any characters.
    return stat.charAt(stat.lastIndexOf(')') + 2) === 'R';
  });
}

/** Ids of the threads of a process; none where there is no such list, and of a process that is gone. */
export function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

import { readdirSync, readFileSync } from 'node:fs';

export interface Memory {
  readonly backendMb: number;
  /** Of each VM process, smallest first. */
  readonly vmsMb: readonly number[];
  readonly totalMb: number;
}

/**
 * What a backend and its VM processes take, as proportional set size: what processes share counts once in all. That is what a
 * container is charged for, but for the page cache.
 */
export function memoryOf(backendPid: number): Memory {
  const backendMb = pssMb(backendPid);
  const vmsMb = childrenOf(backendPid)
    .map(pssMb)
    .filter((mb) => mb > 0)
    .sort((a, b) => a - b);
  return { backendMb, vmsMb, totalMb: vmsMb.reduce((sum, mb) => sum + mb, backendMb) };
}

/** Of the backend and its VMs together. */
export function threadsOf(backendPid: number): number {
  const pids = [backendPid, ...childrenOf(backendPid)];
  return pids.reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/task`).length, 0);
}

export function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

export function childrenOf(pid: number): readonly number[] {
  const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return pids === '' ? [] : pids.split(' ').map(Number);
}

/** 0 when the process is gone. */
function pssMb(pid: number): number {
  try {
    const [, kb] = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
    return Number(kb) / 1024;
  } catch {
    return 0;
  }
}

import { readFileSync, writeFileSync } from 'node:fs';
import { setPriority as setNice } from 'node:os';
import { threadsOf } from './cpu-times.ts';

/**
 * Gives all of a process the OS priority `nice`: 0 is the usual one, 19 the lowest. The process must be the leader of a
 * session of its own. False when the OS did not take it, or not all of it: because the process is gone; because this one
 * has not the right to raise a priority (CAP_SYS_NICE, or RLIMIT_NICE); or, on Linux without rights, because anybody did
 * the same within 0.1 s, and it can be tried again.
 *
 * Two things decide on Linux, and which of them counts is up to the machine: see docs/adr/0007-cpu-fairness.md.
 */
export function setProcessPriority(pid: number, nice: number): boolean {
  return setNiceOfThreads(pid, nice) && setNiceOfSession(pid, nice);
}

/** On Linux every thread has a nice value of its own; elsewhere the process has one. */
function setNiceOfThreads(pid: number, nice: number): boolean {
  // The main thread first: what it starts from then on inherits, and what it started before is in the list.
  if (!trySetNice(pid, nice)) return false;
  // A thread that ended in between has no priority to be changed.
  for (const tid of threadsOf(pid)) if (tid !== pid) trySetNice(tid, nice);
  return true;
}

function trySetNice(id: number, nice: number): boolean {
  try {
    setNice(id, nice);
    return true;
  } catch {
    return false;
  }
}

/** Where sessions are scheduled as groups, nice values count only within one, and the group has its own. */
function setNiceOfSession(pid: number, nice: number): boolean {
  const file = `/proc/${pid}/autogroup`;
  let present: string;
  try {
    present = readFileSync(file, 'latin1');
  } catch {
    // The kernel, or the system, has no such groups.
    return true;
  }
  // The kernel takes few changes from a process without rights: none is wasted.
  if (present.trimEnd().endsWith(` nice ${nice}`)) return true;
  try {
    writeFileSync(file, String(nice));
    return true;
  } catch {
    return false;
  }
}

const CAP_SYS_NICE = 1n << 23n;
/** RLIMIT_NICE has 20 - nice: with this one may go back to 0. */
const NICE_0 = 20;
let canRaise: boolean | undefined;

/** Whether this process may raise the priority of a process that it has lowered. https://man7.org/linux/man-pages/man2/setpriority.2.html */
export function canRaisePriorities(): boolean {
  return (canRaise ??= process.platform === 'linux' ? hasRightToRaise() : process.geteuid?.() === 0);
}

function hasRightToRaise(): boolean {
  try {
    const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
    if ((BigInt(`0x${capabilities}`) & CAP_SYS_NICE) !== 0n) return true;
    const limit = /^Max nice priority\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? '0';
    return limit === 'unlimited' || Number(limit) >= NICE_0;
  } catch {
    return false;
  }
}

import { openSync, readdirSync, readFileSync } from 'node:fs';
import type { StdioOptions } from 'node:child_process';

/** O_CLOEXEC on Linux, as in /proc/<pid>/fdinfo. */
const CLOSED_BY_EXEC = 0o2000000;

let stdio: StdioOptions | undefined;

/**
 * What a VM process gets: nothing, and its pipe as descriptor 3.
 *
 * Node opens everything so that it does not pass to other programs, but this process may have been given descriptors
 * by whoever started it, which do. So each is replaced by /dev/null. They are looked for once: in a busy backend it
 * takes tens of milliseconds.
 */
export function vmStdio(): StdioOptions {
  return (stdio ??= replaceInherited(['ignore', 'ignore', 'ignore', 'pipe'], inheritable()));
}

function replaceInherited(base: ('ignore' | 'pipe')[], descriptors: readonly number[]): StdioOptions {
  const all: ('ignore' | 'pipe' | number)[] = [...base];
  const last = Math.max(-1, ...descriptors);
  if (last < base.length) return all;
  const nothing = openSync('/dev/null', 'r');
  // Beyond the standard ones, `ignore` leaves a descriptor as it is.
  for (let fd = base.length; fd <= last; fd++) all.push(descriptors.includes(fd) ? nothing : 'ignore');
  return all;
}

function inheritable(): number[] {
  try {
    // Beyond the limit, which may have been lowered since, none can be replaced.
    const limit = Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? Infinity);
    return readdirSync('/proc/self/fd')
      .map(Number)
      .filter((fd) => fd < limit && !isClosedByExec(fd));
  } catch {
    // Not Linux.
    return [];
  }
}

function isClosedByExec(fd: number): boolean {
  try {
    const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '0';
    return (parseInt(flags, 8) & CLOSED_BY_EXEC) !== 0;
  } catch {
    // It was the one that the directory was read with.
    return true;
  }
}

import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/*
 * What the kernel holds a VM process to, whatever happens in it and however late the backend notices: set with
 * util-linux's prlimit, where there is one. docs/adr/0009-kernel-limits.md has what was measured.
 */

const MIB = 2 ** 20;

/**
 * What a process may need besides its script's memory: V8 parses, compiles, collects and copies outside of the heap, and
 * malloc keeps for later what large scripts have left. This is where nothing honest was seen to get; it is for the case that
 * nobody else stops it.
 */
const WORKING_ROOM_MB = 192;

/** From the first instruction on: no core dump has what was in the process. */
const AT_START = ['--core=0:0'];

/**
 * As soon as it is ready: what is open stays usable, and nothing can be opened after that, be it a file, a socket or a
 * queue. There is no limit for threads: it would be one for all processes of the user, and isolated-vm starts a thread with
 * every execution.
 */
const WHEN_READY = ['--nofile=0:0'];

let found: string | undefined;

/** Path of a prlimit that works; empty when there is none: not Linux, or Busybox. Looked for once. */
export function findPrlimit(): string {
  const works = (path: string): boolean => spawnSync(path, [...AT_START, path, '--version']).status === 0;
  return (found ??= process.platform === 'linux' ? (['/usr/bin/prlimit', '/bin/prlimit'].find(works) ?? '') : '');
}

/** What goes before a command line so that it has its limits from the start. */
export function limitedFromStart(): readonly string[] {
  return findPrlimit() === '' ? [] : [findPrlimit(), ...AT_START];
}

/**
 * Takes from a process that is ready, and has run nobody's code yet, what it does not need any more, and limits its memory
 * to what it has now, `maxMemoryMb`, and some working room. Resolves when the limits hold, or there is no prlimit.
 *
 * @throws Error when there is one, and it failed
 */
export async function limitProcess(pid: number, maxMemoryMb: number): Promise<void> {
  if (findPrlimit() === '') return;
  const bytes = dataBytesOf(pid) + (maxMemoryMb + WORKING_ROOM_MB) * MIB;
  // The soft limit only: whoever may do so later can raise it again. Node has no function for that.
  await promisify(execFile)(findPrlimit(), ['--pid', String(pid), ...WHEN_READY, `--data=${bytes}:`], { env: {} });
}

/** What RLIMIT_DATA counts: all that is mapped private and writable. */
function dataBytesOf(pid: number): number {
  const kib = /^VmData:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  if (kib === undefined) throw new Error(`process ${pid} has no memory`);
  return Number(kib) * 1024;
}

import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { MEMORY_ALLOWANCE_MB } from '../protocol/messages.ts';
import { MAX_KEPT_BYTES } from './run-meter.ts';

/*
 * What the kernel holds a VM process to, whatever happens in it and however late the backend notices: set with
 * util-linux's prlimit, where there is one. docs/adr/0009-kernel-limits.md has what was measured.
 */

const MIB = 2 ** 20;

/**
 * What a process may need besides its script's memory: what it has kept (MAX_KEPT_BYTES), and what the backend's meter lets
 * through (MEMORY_ALLOWANCE_MB). This is for the case that the meter is late.
 */
const WORKING_ROOM_MB = MAX_KEPT_BYTES / MIB + MEMORY_ALLOWANCE_MB;

/**
 * From the first instruction on. No core dump has what was in the process. A stack takes as much as it may grow to of what the
 * kernel counts as memory, and isolated-vm has threads that sleep until a timeout would be: 2 MB are enough for V8's own limit
 * (`stackSizeKb`) and what native code takes beyond it.
 */
const AT_START = ['--core=0:0', '--stack=2097152:'];

/**
 * As soon as it is ready: what is open stays usable, and nothing can be opened after that, be it a file, a socket or a
 * queue. There is no limit for threads: it would be one for all processes of the user, and isolated-vm starts threads for its
 * timeouts.
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

/** It takes some milliseconds. */
const TIMEOUT_MS = 5000;

/** What the kernel holds one process to from when it is ready. Does nothing where there is no prlimit. */
export class KernelLimits {
  #idleDataBytes = 0;
  #maxMemoryMb = 0;

  constructor(
    private readonly pid: number,
    private readonly startMemoryMb: number,
  ) {}

  /**
   * Takes from a process that has run nobody's code yet what it does not need any more, and limits its memory to what it has
   * now, what its scripts may have, and some working room.
   *
   * @throws Error when there is a prlimit, and it failed
   */
  async begin(): Promise<void> {
    if (findPrlimit() === '') return;
    this.#idleDataBytes = dataBytesOf(this.pid);
    await this.#limit(this.startMemoryMb, WHEN_READY);
  }

  areBelow(maxMemoryMb: number): boolean {
    return findPrlimit() !== '' && this.#maxMemoryMb < maxMemoryMb;
  }

  /** @throws Error as `begin` does, and for a process that is gone */
  async raise(maxMemoryMb: number): Promise<void> {
    await this.#limit(maxMemoryMb);
  }

  /** Back to what it began with. @throws Error as `raise` does */
  async restore(): Promise<void> {
    if (this.#maxMemoryMb > this.startMemoryMb) await this.#limit(this.startMemoryMb);
  }

  async #limit(maxMemoryMb: number, others: readonly string[] = []): Promise<void> {
    const bytes = this.#idleDataBytes + (maxMemoryMb + WORKING_ROOM_MB) * MIB;
    // The soft limit only, which can be raised again. Node has no function for that.
    const args = ['--pid', String(this.pid), ...others, `--data=${bytes}:`];
    await promisify(execFile)(findPrlimit(), args, { env: {}, timeout: TIMEOUT_MS });
    this.#maxMemoryMb = maxMemoryMb;
  }
}

/** What RLIMIT_DATA counts: all that is mapped private and writable. */
function dataBytesOf(pid: number): number {
  const kib = /^VmData:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  if (kib === undefined) throw new Error(`process ${pid} has no memory`);
  return Number(kib) * 1024;
}

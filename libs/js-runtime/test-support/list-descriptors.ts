import { readdirSync, readlinkSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { vmStdio } from '../src/process/inherited-descriptors.ts';

/*
 * Starts a program that waits, as VM processes are started, and prints what its descriptors are; to be run by tests with
 * descriptors of their own.
 */

/** Of one that was closed since it was listed, nothing. */
function found(directory: string, fd: string): [fd: string, what: string][] {
  try {
    return [[fd, readlinkSync(`${directory}/${fd}`)]];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

const child = spawn('/bin/sleep', ['60'], { stdio: vmStdio() });
await once(child, 'spawn');
const directory = `/proc/${child.pid}/fd`;
console.log(JSON.stringify(readdirSync(directory).flatMap((fd) => found(directory, fd))));
const exited = once(child, 'exit');
child.kill('SIGKILL');
await exited;

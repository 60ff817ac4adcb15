import { readdirSync, readlinkSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { vmStdio } from '../src/process/inherited-descriptors.ts';

/*
 * Starts a program that waits, as VM processes are started, and prints what its descriptors are; to be run by tests with
 * descriptors of their own.
 */
const child = spawn('/bin/sleep', ['60'], { stdio: vmStdio() });
await once(child, 'spawn');
const directory = `/proc/${child.pid}/fd`;
console.log(JSON.stringify(readdirSync(directory).map((fd) => [fd, readlinkSync(`${directory}/${fd}`)])));
const exited = once(child, 'exit');
child.kill('SIGKILL');
await exited;

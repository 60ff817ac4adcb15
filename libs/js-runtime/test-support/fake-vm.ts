import { existsSync, writeFileSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { encodeFrame, FrameDecoder } from '../src/protocol/frame.ts';

/*
 * Stands in for a VM process, run as one: does what its only argument, a FakePlan in JSON, tells it to.
 */

export interface FakePlan {
  /** What it does when it starts. */
  readonly atStart: readonly FakeAction[];
  /** What it does about its first request, its second, and so on; nothing about those after. */
  readonly onRequests?: readonly (readonly FakeAction[])[];
}

export type FakeAction =
  /** Sends a frame with this header. */
  | { readonly send: object }
  /** Sends a frame with this header and the `id` of the request. */
  | { readonly answer: object; readonly attachments?: readonly string[] }
  /** Sends these bytes. */
  | { readonly raw: readonly number[] }
  | { readonly exitWith: number }
  /** Closes its end of the pipe and lives on. */
  | { readonly closePipe: true }
  /** Is busy until it has used this much CPU. */
  | { readonly useCpuMs: number }
  /** Takes this much memory and keeps it. */
  | { readonly useMemoryMb: number }
  /** Makes an empty file, by which a test knows that it got here. */
  | { readonly touch: string }
  /** Does nothing else until there is such a file. */
  | { readonly waitFor: string };

const PIPE_FD = 3;
/** A fake that nobody kills ends by itself. */
const MAX_LIFE_MS = 60_000;

const plan = JSON.parse(process.argv[2] ?? '') as FakePlan;
const decoder = new FrameDecoder(2 ** 20);
const requests = [...(plan.onRequests ?? [])];
const pipe = new Socket({ fd: PIPE_FD, readable: true, writable: false });
const kept: Buffer[] = [];
const life = setTimeout(() => undefined, MAX_LIFE_MS);

pipe.on('end', () => {
  clearTimeout(life);
});
pipe.on('data', (chunk: Buffer) => {
  for (const { header } of decoder.push(chunk)) act(requests.shift() ?? [], (header as { id: number }).id);
});
act(plan.atStart, 0);

function act(actions: readonly FakeAction[], id: number): void {
  for (const action of actions) {
    if ('send' in action) writeSync(PIPE_FD, encodeFrame(action.send));
    else if ('answer' in action) writeSync(PIPE_FD, encodeFrame({ ...action.answer, id }, action.attachments));
    else if ('raw' in action) writeSync(PIPE_FD, Uint8Array.from(action.raw));
    else if ('exitWith' in action) process.exit(action.exitWith);
    else if ('useCpuMs' in action) useCpu(action.useCpuMs * 1000);
    else if ('useMemoryMb' in action) kept.push(Buffer.alloc(action.useMemoryMb * 2 ** 20, 1));
    else if ('touch' in action) writeFileSync(action.touch, '');
    else if ('waitFor' in action) while (!existsSync(action.waitFor)) pause(1);
    else pipe.destroy();
  }
}

function useCpu(us: number): void {
  const before = process.cpuUsage();
  for (let used = 0; used < us;) {
    const { user, system } = process.cpuUsage(before);
    used = user + system;
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

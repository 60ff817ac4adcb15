import { writeSync } from 'node:fs';
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
  | { readonly closePipe: true };

const PIPE_FD = 3;
/** A fake that nobody kills ends by itself. */
const MAX_LIFE_MS = 60_000;

const plan = JSON.parse(process.argv[2] ?? '') as FakePlan;
const decoder = new FrameDecoder(2 ** 20);
const requests = [...(plan.onRequests ?? [])];
const pipe = new Socket({ fd: PIPE_FD, readable: true, writable: false });
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
    else pipe.destroy();
  }
}

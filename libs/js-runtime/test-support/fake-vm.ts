import { existsSync, writeFileSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { encodeFrame, FrameDecoder } from '../src/protocol/frame.ts';

/*
 * Stands in for a VM process, run as one: does what its only argument, a FakePlan in JSON, tells it to.
 */

export interface FakePlan {
  /** What it does when it starts. */
  readonly atStart: readonly FakeAction[];
  /** What it does when it is to invoke a warm realm for the first time, the second, and so on; nothing about those after. `id` is the first invocation's. */
  readonly onInvokes?: readonly (readonly FakeAction[])[];
  /** What it does about its first request, its second, and so on; nothing about those after. */
  readonly onRequests?: readonly (readonly FakeAction[])[];
  /** What it does about the first answer to a call of its, the second, and so on. */
  readonly onAnswers?: readonly (readonly FakeAction[])[];
  /** Whether it answers as it should when it is asked to compile; that does not count as a request then. */
  readonly compiles?: true;
}

export type FakeAction =
  /** Sends a frame with this header. */
  | { readonly send: object }
  /** Sends a frame with this header and the `id` of the request. */
  | { readonly answer: object; readonly attachments?: readonly string[] }
  /** Sends these bytes. */
  | { readonly raw: readonly number[] }
  /** Sends these bytes, with the `id` of the request in place of `id`. */
  | { readonly rawWithId: readonly (number | 'id')[] }
  /** Sends a frame with this text as its header, in which `$id` stands for the `id` of the request. */
  | { readonly text: string; readonly attachments?: readonly string[] }
  | { readonly repeat: readonly FakeAction[]; readonly times: number }
  | { readonly pauseMs: number }
  | { readonly exitWith: number }
  /** Dies as V8 does without memory. */
  | { readonly abort: true }
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

interface FakeRequest {
  readonly type: string;
  readonly id: number;
  readonly script?: { readonly wrap: string };
  readonly items?: readonly (readonly [id: number])[];
}

const PIPE_FD = 3;
/** A fake that nobody kills ends by itself. */
const MAX_LIFE_MS = 60_000;

const plan = JSON.parse(process.argv[2] ?? '') as FakePlan;
const decoder = new FrameDecoder(2 ** 20, 2 ** 20, Infinity);
const invokes = [...(plan.onInvokes ?? [])];
const requests = [...(plan.onRequests ?? [])];
const answers = [...(plan.onAnswers ?? [])];
const pipe = new Socket({ fd: PIPE_FD, readable: true, writable: false });
const kept: Buffer[] = [];
const life = setTimeout(() => undefined, MAX_LIFE_MS);

pipe.on('end', () => {
  clearTimeout(life);
});
pipe.on('data', (chunk: Buffer) => {
  decoder.push(chunk, ({ header }) => {
    const { type, id, script, items } = header as FakeRequest;
    if (type === 'invoke') act(invokes.shift() ?? [], items?.[0]?.[0] ?? 0);
    else if (type === 'forget' || type === 'recall') return;
    else if (plan.compiles && type === 'compile') act(compiled(script?.wrap), id);
    else act((type === 'answer' ? answers : requests).shift() ?? [], id);
  });
});
act(plan.atStart, 0);

function compiled(wrap?: string): readonly FakeAction[] {
  const answer = { type: 'compiled', outcome: { kind: 'compiled', imports: [] }, cpuMs: 1 };
  // There is no code cache of modules.
  return [{ answer, attachments: wrap === 'module' ? [] : ['code'] }];
}

function act(actions: readonly FakeAction[], id: number): void {
  for (const action of actions) {
    if ('send' in action) write(encodeFrame(action.send));
    else if ('answer' in action) write(encodeFrame({ ...action.answer, id }, action.attachments));
    else if ('raw' in action) write(Uint8Array.from(action.raw));
    else if ('rawWithId' in action) {
      write(Buffer.concat(action.rawWithId.map((part) => (part === 'id' ? lengthOf(id) : Buffer.of(part)))));
    } else if ('text' in action) write(frameOf(action.text.replaceAll('$id', String(id)), action.attachments ?? []));
    else if ('repeat' in action) for (let n = 0; n < action.times; n++) act(action.repeat, id);
    else if ('pauseMs' in action) pause(action.pauseMs);
    else if ('exitWith' in action) process.exit(action.exitWith);
    else if ('abort' in action) process.abort();
    else if ('useCpuMs' in action) useCpu(action.useCpuMs * 1000);
    else if ('useMemoryMb' in action) kept.push(Buffer.alloc(action.useMemoryMb * 2 ** 20, 1));
    else if ('touch' in action) writeFileSync(action.touch, '');
    else if ('waitFor' in action) while (!existsSync(action.waitFor)) pause(1);
    else pipe.destroy();
  }
}

/** All of it, however slowly it is read. */
function write(bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.byteLength;) {
    try {
      offset += writeSync(PIPE_FD, bytes, offset);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      pause(1);
    }
  }
}

function frameOf(header: string, attachments: readonly string[]): Buffer {
  const parts = [header, ...attachments].map((part) => Buffer.from(part));
  const bytes = parts.flatMap((part) => [lengthOf(part.byteLength), part]);
  return Buffer.concat([lengthOf(bytes.reduce((sum, { byteLength }) => sum + byteLength, 0)), ...bytes]);
}

function lengthOf(bytes: number): Buffer {
  const field = Buffer.alloc(4);
  field.writeUInt32BE(bytes);
  return field;
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

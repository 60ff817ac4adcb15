import { Socket } from 'node:net';
import { Counter } from '../counting/counter.ts';
import { countBuiltIns } from '../counting/built-ins.ts';
import { FrameCounter, UNFINISHED } from '../counting/frame-counter.ts';
import { HeapMarks } from '../counting/heap.ts';
import { countPromises } from '../counting/promises.ts';
import { replaceFunction } from '../counting/replace-function.ts';
import { CountedTimers } from '../counting/timers.ts';
import { uncounted } from '../counting/uncounted.ts';
import { onSyncWrites, onWrites, type StreamHandle } from '../counting/writes.ts';
import type { ComeToRest } from '../turns/messages.ts';
import { countAddon } from './count-addon.ts';
import { Turns, type Answer } from './turns.ts';

/*
 * Loaded in a VM process before its own code, which knows nothing of it: counts what that does. `?turns=` and `&commands=` of
 * its URL are the descriptors on which it speaks with the process that counts.
 */

/** What is due sooner belongs to the execution; deadlines are later. */
const SOON_MS = 100;
const LOOK_AGAIN_MS = 5;

const { searchParams } = new URL(import.meta.url);
const counter = new Counter('vm');
const heap = new HeapMarks('vm');
const frames = new FrameCounter();
const commands = new Socket({ fd: Number(searchParams.get('commands')), readable: true, writable: true });
const turns = new Turns(Number(searchParams.get('turns')), counter);
const timers = new CountedTimers(counter);
/** Whether the counting has begun; a process that starts takes no turns. */
let takesTurns = false;
/** Of the process's own pipe, once it has written. */
let pipe: StreamHandle | undefined;
let writtenBytes = 0;

countPromises(counter);
countBuiltIns(counter);

onWrites(commands, (handle, parts) => {
  pipe = handle;
  wrote(parts);
});
onSyncWrites((_, parts) => {
  wrote(parts);
});

/** Nothing else than its pipe is open for writing in this process. */
function wrote(parts: readonly Uint8Array[]): void {
  counter.add('writes');
  for (const part of parts) {
    writtenBytes += part.byteLength;
    counter.add('bytes written', part.byteLength);
    counter.add('frames written', frames.push(part));
  }
  takeTurn();
}

/** What does not fit into the pipe at once leaves when there is room. */
function takeTurn(): void {
  if (!takesTurns) return;
  if (pipe && pipe.writeQueueSize > 0) uncounted.setImmediate(takeTurn);
  else continueAfter(turns.wrote(writtenBytes));
}

function continueAfter({ isAnswered }: Answer): void {
  if (!isAnswered || counter.phase === 'after') return;
  heap.answered();
  counter.answered();
}

replaceFunction(process, 'dlopen', (dlopen) => (...args) => {
  dlopen(...args);
  const [module] = args as [{ exports: object }];
  for (const [name, value] of Object.entries(module.exports) as [string, unknown][]) {
    if (typeof value !== 'object' || value === null) continue;
    const counted = countAddon(value, (call) => {
      counter.add(call);
    });
    module.exports = { ...module.exports, [name]: counted };
  }
});

let text = '';
commands.setEncoding('utf8');
commands.on('data', (chunk: string) => {
  text += chunk;
  const lines = text.split('\n');
  text = lines.pop() ?? '';
  for (const line of lines) comeToRest(uncounted.parse(line) as ComeToRest);
});
// The backend is gone, and this process ends by itself.
commands.on('error', () => undefined);

function comeToRest(command: ComeToRest): void {
  takesTurns = true;
  const hasRead = !pipe || pipe.bytesRead >= command.readBytes;
  if (hasRead && !timers.hasImmediates && !timers.hasTimeoutWithin(SOON_MS)) rest();
  else if (hasRead && timers.hasImmediates) uncounted.setImmediate(comeToRest, command);
  else uncounted.setTimeout(comeToRest, LOOK_AGAIN_MS, command);
}

function rest(): void {
  const heapCounts = heap.end();
  if (!frames.isAtEnd) counter.add(UNFINISHED);
  counter.end();
  const answer = turns.rests({ ...counter.counts(), ...heapCounts });
  counter.begin();
  heap.begin();
  continueAfter(answer);
}

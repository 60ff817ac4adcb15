import { Socket } from 'node:net';
import { encodeFrame, FrameDecoder, type Frame } from '../protocol/frame.ts';
import type { ApiHeader, HostMessage, VmMessage } from '../protocol/messages.ts';
import { CallLine } from './call-line.ts';
import { collectGarbage } from './collect-garbage.ts';
import { EntryTimers } from './entry-timers.ts';
import { GrownMemory } from './grown-memory.ts';
import { Invocations } from './invocations.ts';
import { IsolateHost } from './isolate-host.ts';
import { loadIsolatedVm } from './native.ts';
import { RealmCode } from './realm-code.ts';
import { rehearsalFor } from './rehearsal.ts';

/*
 * The child process: reads requests from the pipe on descriptor 3, answers each, and dies when the pipe closes.
 * Its only argument is JSON: what the backend decided before it started this process.
 */

export interface SandboxArguments {
  readonly addonPath: string;
  readonly maxMemoryMb: number;
  /** How many invocations of warm realms may be under way at a time. */
  readonly maxOverlap: number;
  /** What scripts may call, whichever is run. */
  readonly apis: readonly ApiHeader[];
}

const PIPE_FD = 3;
/** What is read at once, at most. */
const READ_BYTES = 64 * 1024;
/** The backend has checked sizes before it sends; this is all that the length field can say. */
const MAX_FRAME_BYTES = 2 ** 32 - 1;

const options = JSON.parse(process.argv[2] ?? '') as SandboxArguments;
const ivm = loadIsolatedVm(options.addonPath);
const decoder = new FrameDecoder(MAX_FRAME_BYTES, MAX_FRAME_BYTES, Infinity);
const realmCode = new RealmCode(ivm, options.apis);
/** They outlive an isolate. */
const timers = new EntryTimers();
let host = new IsolateHost(ivm, options.maxMemoryMb, realmCode, timers);

const pipe = new Socket({
  fd: PIPE_FD,
  readable: true,
  writable: true,
  // Into the same buffer again and again, past everything that a stream does: that would take as long as a trivial script.
  onread: {
    buffer: Buffer.allocUnsafe(READ_BYTES),
    callback: (bytes, buffer) => {
      decoder.push(Buffer.from(buffer.buffer, buffer.byteOffset, bytes), receive);
      running?.calls.flush();
      invocations.flushCalls();
      return true;
    },
  },
});
pipe.on('error', () => process.exit(0));
pipe.on('close', () => process.exit(0));

function receive({ header, attachments }: Frame): void {
  const message = header as HostMessage;
  if (message.type === 'answer') deliver(message, attachments);
  else if (message.type === 'invoke') invocations.take(message, attachments);
  else if (message.type === 'recall') invocations.recall(message.ids);
  else if (message.type === 'cancel') invocations.cancel(message.id);
  else if (message.type === 'forget') invocations.forget(message.realm);
  else if (running || waiting || invocations.isBusy) throw new Error('a request before the last was answered');
  else if (isRecycling) waiting = { request: message, attachments };
  else handle(message, attachments);
}

/** The backend knows nothing of the request that this process has rehearsed with before. */
let isReady = false;

function send(message: VmMessage, attachments: readonly (string | Uint8Array)[] = []): void {
  const frame = encodeFrame(message, attachments);
  if (isReady) pipe.write(frame);
}

type Request = Exclude<HostMessage, { type: 'answer' | 'invoke' | 'recall' | 'cancel' | 'forget' }>;
type Answer = Extract<VmMessage, { type: 'ran' | 'compiled' | 'done' }>;

/** Whether it has answered, and not made the realm for the next request yet. */
let isRecycling = false;
/** The request that has come meanwhile: there is one at a time. */
let waiting: { readonly request: Request; readonly attachments: readonly Buffer[] } | undefined;

/** Of the script that runs. */
let running: { readonly id: number; readonly calls: CallLine } | undefined;

/** An answer that comes when its script is done is nobody's. */
function deliver({ id, call, kind }: HostMessage & { type: 'answer' }, [text]: readonly Buffer[]): void {
  const answer = { call, kind, text: text?.toString('utf8') ?? '' };
  if (running?.id === id) running.calls.push(answer);
  else invocations.deliver(id, answer);
}

function handle(request: Request, attachments: readonly Buffer[]): void {
  const text = (index: number): string => attachments[index]?.toString('utf8') ?? '';
  const { id } = request;
  switch (request.type) {
    case 'run': {
      const cpuBefore = process.cpuUsage();
      fitIsolate(request.maxMemoryMb);
      const metersItself = request.maxCpuMs !== undefined;
      const exceedsMemory = (): boolean => metersItself && memory.exceeds(request.maxMemoryMb);
      const texts = { contextJson: text(0), inputJson: text(1), globalsJson: text(2) };
      const calls = new CallLine((made) => {
        // In one write.
        pipe.cork();
        for (const { argumentsJson, ...call } of made) send({ type: 'call', id, ...call }, [argumentsJson]);
        pipe.uncork();
      });
      running = { id, calls };
      host.run(request, texts, attachments.slice(3).values(), calls, exceedsMemory, (output) => {
        running = undefined;
        calls.close();
        const { outcome, refused, logs, resultJson } = output;
        const cpuMs = cpuMsSince(cpuBefore);
        answer({ type: 'ran', id, outcome, refused, logs, cpuMs, heapBytes: host.heapBytes() }, [resultJson]);
      });
      break;
    }
    case 'compile': {
      const cpuBefore = process.cpuUsage();
      fitIsolate(request.maxMemoryMb);
      const { outcome, codeCache, javascript } = host.compile(request.script, request.language, text(0));
      answer({ type: 'compiled', id, outcome, cpuMs: cpuMsSince(cpuBefore) }, [codeCache ?? '', javascript ?? '']);
      break;
    }
    case 'link': {
      const cpuBefore = process.cpuUsage();
      fitIsolate(request.maxMemoryMb);
      const outcome = host.link(request.units, attachments.values());
      answer({ type: 'compiled', id, outcome, cpuMs: cpuMsSince(cpuBefore) });
      break;
    }
    case 'reset':
      replaceIsolate(options.maxMemoryMb);
      answer({ type: 'done', id });
      break;
    case 'check':
      host.check();
      answer({ type: 'done', id });
      break;
  }
}

/** Answers a request, and recycles after the answer has left: off the path of this request. */
function answer(message: Answer, attachments?: readonly (string | Uint8Array)[]): void {
  send(message, attachments);
  // A script that ends with a timer is answered before the event loop reads the pipe, and that is before it recycles.
  isRecycling = true;
  // Their isolate may be replaced.
  invocations.hold();
  setImmediate(() => {
    send({ type: 'recycled', id: message.id, replaced: recycle() });
    isRecycling = false;
    invocations.release();
    const next = waiting;
    waiting = undefined;
    if (next) handle(next.request, next.attachments);
  });
}

function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Makes the realm for the next request. True when that took a new isolate. */
function recycle(): boolean {
  const replaces = host.isWorn || hasGrown();
  if (replaces) replaceWorn();
  else host.prepareRealm();
  return replaces;
}

function hasGrown(): boolean {
  if (host.warmRealms === 0) return memory.hasGrown();
  if (host.keepsTooMuch()) return true;
  if (!memory.hasGrown(host.heapBytes())) return false;
  // Realms that are kept are worth a collection before.
  host.collectGarbage();
  collectGarbage();
  if (memory.isNearLimit(host.maxMemoryMb)) return true;
  memory.freed();
  return false;
}

function replaceWorn(): void {
  replaceIsolate(host.maxMemoryMb);
  collectGarbage();
  memory.freed();
}

function fitIsolate(maxMemoryMb: number): void {
  if (host.maxMemoryMb !== maxMemoryMb) replaceIsolate(maxMemoryMb);
}

function replaceIsolate(maxMemoryMb: number): void {
  host.dispose();
  host = new IsolateHost(ivm, maxMemoryMb, realmCode, timers);
  invocations.forgetAll();
}

const invocations = new Invocations({
  host: () => host,
  exceedsMemory: (maxMemoryMb) => memory.exceeds(maxMemoryMb),
  send: (frame) => {
    pipe.write(frame);
  },
  isSent: () => pipe.writableLength === 0,
  onSent: (run) => {
    // Nothing, behind all that waits.
    pipe.write('', run);
  },
  maxOverlap: options.maxOverlap,
  hasGrown,
  replaceIsolate: replaceWorn,
});
// Reads which time zone it is here: afterwards, this process may not be able to open a file any more.
new Date().getTimezoneOffset();
// Proves that the isolate works.
host.check();
host.prepareRealm();
const memory = new GrownMemory();
// Warms this process's own code, before a request has to wait for it.
decoder.push(rehearsalFor(options.maxMemoryMb), receive);
// After it has recycled.
setImmediate(() => {
  isReady = true;
  send({ type: 'ready' });
});

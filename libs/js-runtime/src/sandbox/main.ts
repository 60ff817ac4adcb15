import { Socket } from 'node:net';
import { encodeFrame, FrameDecoder } from '../protocol/frame.ts';
import type { ApiHeader, HostMessage, VmMessage } from '../protocol/messages.ts';
import { CallLine } from './call-line.ts';
import { collectGarbage } from './collect-garbage.ts';
import { GrownMemory } from './grown-memory.ts';
import { IsolateHost } from './isolate-host.ts';
import { loadIsolatedVm } from './native.ts';

/*
 * The child process: reads requests from the pipe on descriptor 3, answers each, and dies when the pipe closes.
 * Its only argument is JSON: what the backend decided before it started this process.
 */

export interface SandboxArguments {
  readonly addonPath: string;
  readonly maxMemoryMb: number;
  /** What scripts may call, whichever is run. */
  readonly apis: readonly ApiHeader[];
}

const PIPE_FD = 3;
/** The backend has checked sizes before it sends; this is all that the length field can say. */
const MAX_FRAME_BYTES = 2 ** 32 - 1;

const options = JSON.parse(process.argv[2] ?? '') as SandboxArguments;
const ivm = loadIsolatedVm(options.addonPath);
const decoder = new FrameDecoder(MAX_FRAME_BYTES, MAX_FRAME_BYTES, Infinity);
let host = new IsolateHost(ivm, options.maxMemoryMb, options.apis);

const pipe = new Socket({ fd: PIPE_FD, readable: true, writable: true });
pipe.on('error', () => process.exit(0));
pipe.on('close', () => process.exit(0));
pipe.on('data', (chunk: Buffer) => {
  for (const { header, attachments } of decoder.push(chunk)) {
    const message = header as HostMessage;
    if (message.type === 'answer') deliver(message, attachments);
    else void handle(message, attachments);
  }
  running?.calls.flush();
});

function send(message: VmMessage, attachments: readonly (string | Uint8Array)[] = []): void {
  pipe.write(encodeFrame(message, attachments));
}

type Request = Exclude<HostMessage, { type: 'answer' }>;

/** Resolves when the process has recycled after its last answer. */
let recycling = Promise.resolve();

/** Of the script that runs. */
let running: { readonly id: number; readonly calls: CallLine } | undefined;

/** An answer that comes when its script is done is nobody's. */
function deliver({ id, call, kind }: HostMessage & { type: 'answer' }, [text]: readonly Buffer[]): void {
  if (running?.id === id) running.calls.push({ call, kind, text: text?.toString('utf8') ?? '' });
}

async function handle(request: Request, attachments: readonly Buffer[]): Promise<void> {
  // A script that ends with a timer is answered before the event loop reads the pipe, and that is before it recycles.
  await recycling;
  const text = (index: number): string => attachments[index]?.toString('utf8') ?? '';
  const { id } = request;
  switch (request.type) {
    case 'run': {
      const cpuBefore = process.cpuUsage();
      fitIsolate(request.maxMemoryMb);
      const metersItself = request.maxCpuMs !== undefined;
      const exceedsMemory = (): boolean => metersItself && memory.exceeds(request.maxMemoryMb);
      const texts = { contextJson: text(0), inputJson: text(1), globalsJson: text(2) };
      const calls = new CallLine(({ argumentsJson, ...call }) => {
        send({ type: 'call', id, ...call }, [argumentsJson]);
      });
      running = { id, calls };
      const output = await host.run(request, texts, attachments.slice(3).values(), calls, exceedsMemory);
      running = undefined;
      calls.close();
      const { outcome, refused, logs, resultJson } = output;
      const cpuMs = cpuMsSince(cpuBefore);
      send({ type: 'ran', id, outcome, refused, logs, cpuMs, heapBytes: host.heapBytes() }, [resultJson]);
      break;
    }
    case 'compile': {
      const cpuBefore = process.cpuUsage();
      fitIsolate(request.maxMemoryMb);
      const { outcome, codeCache, javascript } = host.compile(request.script, request.language, text(0));
      send({ type: 'compiled', id, outcome, cpuMs: cpuMsSince(cpuBefore) }, [codeCache ?? '', javascript ?? '']);
      break;
    }
    case 'link': {
      const cpuBefore = process.cpuUsage();
      fitIsolate(request.maxMemoryMb);
      const outcome = host.link(request.units, attachments.values());
      send({ type: 'compiled', id, outcome, cpuMs: cpuMsSince(cpuBefore) });
      break;
    }
    case 'reset':
      replaceIsolate(options.maxMemoryMb);
      send({ type: 'done', id });
      break;
    case 'check':
      host.check();
      send({ type: 'done', id });
      break;
  }
  // After the answer has left: off the path of this request.
  recycling = new Promise((resolve) => {
    setImmediate(() => {
      send({ type: 'recycled', id, replaced: recycle() });
      resolve();
    });
  });
}

function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Makes the realm for the next request. True when that took a new isolate. */
function recycle(): boolean {
  const replaces = host.isWorn || memory.hasGrown();
  if (replaces) {
    replaceIsolate(host.maxMemoryMb);
    collectGarbage();
    memory.freed();
  } else {
    host.prepareRealm();
  }
  return replaces;
}

function fitIsolate(maxMemoryMb: number): void {
  if (host.maxMemoryMb !== maxMemoryMb) replaceIsolate(maxMemoryMb);
}

function replaceIsolate(maxMemoryMb: number): void {
  host.dispose();
  host = new IsolateHost(ivm, maxMemoryMb, options.apis);
}

// Reads which time zone it is here: afterwards, this process may not be able to open a file any more.
new Date().getTimezoneOffset();
// Proves that the isolate works, and warms this process's own code before a request has to wait for it.
host.check();
host.prepareRealm();
const memory = new GrownMemory();
send({ type: 'ready' });

import { Socket } from 'node:net';
import { encodeFrame, FrameDecoder } from '../../src/protocol/frame.ts';
import type { VmMessage } from '../../src/protocol/messages.ts';
import type { SandboxArguments } from '../../src/sandbox/main.ts';
import { loadIsolatedVm } from '../../src/sandbox/native.ts';
import { DENIED, DENIED_BY_KERNEL, NOT_DENIED, type Attempts } from './attempts.ts';

/*
 * A VM process whose isolate was broken out of, to be started in place of sandbox/main.ts: at its first request it tries
 * everything, and answers with what came of it.
 */

/** How each attempt ended, by its name. */
export type Achievements = Readonly<Record<string, string>>;

const PIPE_FD = 3;
const MAX_WAIT_MS = 5000;

const { addonPath, maxMemoryMb } = JSON.parse(process.argv[2] ?? '') as SandboxArguments;
const ivm = loadIsolatedVm(addonPath);
/** As in the real one, and kept: the memory that it has reserved would be free for attempts. */
export const isolate = new ivm.Isolate({ memoryLimit: maxMemoryMb });

const decoder = new FrameDecoder(2 ** 20, 2 ** 20, Infinity);
const pipe = new Socket({ fd: PIPE_FD, readable: true, writable: true });
pipe.on('close', () => process.exit(0));
pipe.on('data', (chunk: Buffer) => {
  decoder.push(chunk, ({ header }) => void answer((header as { id: number }).id));
});
send({ type: 'ready' });

async function answer(id: number): Promise<void> {
  const result = JSON.stringify(await tryAll({ ...DENIED, ...NOT_DENIED, ...DENIED_BY_KERNEL }));
  send({ type: 'ran', id, outcome: { kind: 'value' }, refused: [], logs: [], cpuMs: 0, heapBytes: 0 }, result);
}

async function tryAll(attempts: Attempts): Promise<Achievements> {
  const achievements: Record<string, string> = {};
  for (const [name, attempt] of Object.entries(attempts)) achievements[name] = await outcomeOf(attempt);
  return achievements;
}

async function outcomeOf(attempt: () => unknown): Promise<string> {
  const { promise: late, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(resolve, MAX_WAIT_MS, 'nothing happened');
  const onUncaught = (error: unknown): void => {
    resolve(nameOf(error));
  };
  // Some fail later, and nowhere in particular.
  process.on('uncaughtException', onUncaught);
  const tried = async (): Promise<string> => {
    try {
      await attempt();
      return 'achieved';
    } catch (error) {
      return nameOf(error);
    }
  };
  const outcome = await Promise.race([tried(), late]);
  clearTimeout(timer);
  process.off('uncaughtException', onUncaught);
  return outcome;
}

function nameOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return code ?? message ?? String(error);
}

function send(message: VmMessage, attachment = ''): void {
  pipe.write(encodeFrame(message, [attachment, '']));
}

import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { decodeMessages, encodeMessage } from './length-prefixed.ts';
import { startLibrary, type Library } from './library.ts';
import { machine, percentile, printHeader, printRow } from './report.ts';

const ROUNDS = 15;
const CALLS = 1000;
/** About as many as such a call has. */
const BYTES = Buffer.alloc(80, 'x');
const TEXT = '{"n":1}';
/** What a call may cost at most, as multiples of a message and its answer on the pipe alone. */
const MAX_RATIO = 3;

/**
 * What a call from a script to the backend and back costs, one after the other, beside what the same machine needs to get
 * bytes, and messages, to a process and back on such a pipe. In rounds that alternate; of each, the lower quartile, as whoever else
 * uses the machine only ever makes things slower.
 */
export async function measureHostCalls(): Promise<void> {
  const library = await startLibrary({
    poolSize: 1,
    auditEnabled: false,
    permissions: ['bench:*'],
    maxApiCalls: CALLS,
  });
  const bytes = startEcho();
  const messages = startEcho('messages');
  try {
    const us = { bytes: [] as number[], messages: [] as number[], calls: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      us.bytes.push(await usPerEcho(bytes.pipe));
      us.messages.push(await usPerMessage(messages.pipe));
      us.calls.push(await usPerCall(library));
    }
    const [pipe = NaN, message = NaN, call = NaN] = [us.bytes, us.messages, us.calls].map(lowerQuartile);
    console.log(`${machine()}, ${ROUNDS} rounds of ${CALLS}\n`);
    printHeader(
      'bytes there and back',
      'message and answer',
      'call of a host API',
      'ratio to bytes',
      'ratio to messages',
    );
    printRow(µs(pipe), µs(message), µs(call), (call / pipe).toFixed(2), (call / message).toFixed(2));
    if (call / message > MAX_RATIO) process.exitCode = 1;
  } finally {
    bytes.child.kill();
    messages.child.kill();
    await library.close();
  }
}

/** With permission, arguments and answer checked, as for any API. */
async function usPerCall(library: Library): Promise<number> {
  let startedAt = 0;
  let endedAt = 0;
  const script = `for (let n = 0; n < ${CALLS}; n++) await bench.echo({ n });`;
  await library.runWithSetup(
    'bench',
    script,
    (scope) => {
      scope.expose(
        'bench.echo',
        ({ n }) => {
          if (n === 0) startedAt = performance.now();
          endedAt = performance.now();
          return { n };
        },
        { permission: 'bench:echo', input: z.strictObject({ n: z.int() }), output: z.strictObject({ n: z.int() }) },
      );
    },
    { wrap: 'function' },
  );
  return ((endedAt - startedAt) * 1000) / (CALLS - 1);
}

async function usPerEcho(pipe: Socket): Promise<number> {
  return usPerRound(
    () => pipe.write(BYTES),
    (onAnswer) => pipe.on('data', onAnswer),
    () => pipe.removeAllListeners('data'),
  );
}

async function usPerMessage(pipe: Socket): Promise<number> {
  let id = 0;
  return usPerRound(
    () => pipe.write(encodeMessage({ id: ++id, text: TEXT })),
    (onAnswer) => {
      decodeMessages(pipe, onAnswer);
    },
    () => pipe.removeAllListeners('data'),
  );
}

async function usPerRound(send: () => void, listen: (onAnswer: () => void) => void, stop: () => void): Promise<number> {
  return new Promise((resolve) => {
    let left = CALLS;
    let startedAt = 0;
    listen(() => {
      // The first one only starts the process, or wakes it.
      if (startedAt === 0) startedAt = performance.now();
      else left--;
      if (left > 0) {
        send();
        return;
      }
      stop();
      resolve(((performance.now() - startedAt) * 1000) / CALLS);
    });
    send();
  });
}

function startEcho(...args: readonly string[]): { child: ChildProcess; pipe: Socket } {
  const file = fileURLToPath(new URL('echo-process.ts', import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
  return { child, pipe: child.stdio[3] as Socket };
}

function lowerQuartile(values: readonly number[]): number {
  return percentile(values, 25);
}

function µs(value: number): string {
  return `${value.toFixed(1)} µs`;
}

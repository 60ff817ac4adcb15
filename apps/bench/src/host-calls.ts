import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { startLibrary, type Library } from './library.ts';
import { machine, median, printHeader, printRow } from './report.ts';

const ROUNDS = 9;
const CALLS = 2000;
/** As large as the frame of such a call. */
const PAYLOAD = Buffer.alloc(80, 'x');
/** What a call may cost at most, as multiples of a round trip on the pipe alone. */
const MAX_RATIO = 3;

/**
 * What a call from a script to the backend and back costs, one after the other, beside what the same machine needs for bytes
 * to a process and back on such a pipe. In rounds that alternate.
 */
export async function measureHostCalls(): Promise<void> {
  const library = await startLibrary({
    poolSize: 1,
    auditEnabled: false,
    permissions: ['bench:*'],
    maxApiCalls: CALLS,
  });
  const echo = startEcho();
  try {
    const pipe: number[] = [];
    const calls: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      pipe.push(await usPerRoundTrip(echo.pipe));
      calls.push(await usPerCall(library));
    }
    const ratio = median(calls) / median(pipe);
    console.log(`${machine()}, ${ROUNDS} rounds of ${CALLS}\n`);
    printHeader('raw pipe round trip', 'call of a host API', 'ratio');
    printRow(us(median(pipe)), us(median(calls)), ratio.toFixed(2));
    if (ratio > MAX_RATIO) process.exitCode = 1;
  } finally {
    echo.child.kill();
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

function startEcho(): { child: ChildProcess; pipe: Socket } {
  const file = fileURLToPath(new URL('echo-process.ts', import.meta.url));
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
  return { child, pipe: child.stdio[3] as Socket };
}

async function usPerRoundTrip(pipe: Socket): Promise<number> {
  return new Promise((resolve) => {
    let left = CALLS;
    let startedAt = 0;
    const onData = (): void => {
      // The first one only starts the process, or wakes it.
      if (startedAt === 0) startedAt = performance.now();
      else left--;
      if (left > 0) {
        pipe.write(PAYLOAD);
        return;
      }
      pipe.off('data', onData);
      resolve(((performance.now() - startedAt) * 1000) / CALLS);
    };
    pipe.on('data', onData);
    pipe.write(PAYLOAD);
  });
}

function us(value: number): string {
  return `${value.toFixed(1)} µs`;
}

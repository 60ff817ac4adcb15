import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { nothing, type PeerDefinition } from '../peer.ts';
import { trivial } from '../workloads/trivial.ts';

const ECHO = fileURLToPath(new URL('../../echo-process.ts', import.meta.url));

export const peer: PeerDefinition = {
  name: 'pipe',
  title: 'a pipe, and nothing is run',
  file: import.meta.url,
  isolation: { fromBackend: 'process', betweenTenants: 'none', state: 'none', globals: 'none' },
  use: 'The floor of what runs in another process: the right result goes there on a pipe, as a line, and comes back from a Node process that does nothing else.',
  packages: [],
  workloads: [trivial.name],
  start: async () => {
    const child = spawn(process.execPath, [ECHO], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
    await once(child, 'spawn');
    const pipe = child.stdio[3] as Socket;
    /** Answers come in order. */
    const waiting: ((line: string) => void)[] = [];
    let received = '';
    pipe.setEncoding('utf8').on('data', (text: string) => {
      const lines = (received + text).split('\n');
      received = lines.pop() ?? '';
      for (const line of lines) waiting.shift()?.(line);
    });
    return {
      version: process.version,
      prepare: async ({ expected }) =>
        Promise.resolve({
          run: async (tenantId) => {
            const answer = new Promise<string>((resolve) => waiting.push(resolve));
            pipe.write(`${JSON.stringify(expected(tenantId))}\n`);
            return JSON.parse(await answer) as unknown;
          },
          close: nothing,
        }),
      close: async () => {
        pipe.destroy();
        await once(child, 'exit');
      },
    };
  },
};

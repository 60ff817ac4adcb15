import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../../dist/main.js', import.meta.url));

export interface Backend {
  readonly url: URL;
  readonly pid: number;
  /** Resolves when it is gone, and its VMs with it. */
  stop(): Promise<void>;
}

/** The built backend, as `npm start` runs it, on a free port. */
export async function startBackend(env: NodeJS.ProcessEnv): Promise<Backend> {
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env.PATH, NO_COLOR: '1', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // Whatever ends the bench, an error included, ends the backend.
  process.once('exit', () => child.kill('SIGKILL'));
  for await (const line of createInterface(child.stdout)) {
    // Part of the command that it prints when it listens.
    const [url] = /(?<=^curl -s )http:\/\/[^/]+/.exec(line) ?? [];
    if (url === undefined) continue;
    child.stdout.resume();
    return {
      url: new URL('/v1/executions', url),
      pid: child.pid ?? 0,
      stop: async () => {
        const exited = once(child, 'exit');
        child.kill('SIGTERM');
        await exited;
      },
    };
  }
  throw new Error('the backend ended before it listened');
}

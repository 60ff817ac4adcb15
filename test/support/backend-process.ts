import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface ProcessLimits {
  readonly maxDescriptors?: number;
}

/** How a process ended: by itself with a code, or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const running = new Set<BackendProcess>();

/** For `afterEach`: ends what a failed test left running, so that the test run can end too. */
export function endAllBackends(): void {
  for (const { child } of running) child.kill('SIGKILL');
  running.clear();
}

/** The built backend, started the way `npm start` does, on a free port. */
export class BackendProcess {
  private constructor(
    readonly child: ChildProcess,
    readonly url: string,
    readonly output: string,
  ) {}

  /** Resolves when it listens. */
  static async start(env: NodeJS.ProcessEnv = {}, limits: ProcessLimits = {}): Promise<BackendProcess> {
    const child = spawnBackend({ PORT: '0', JS_RUNTIME_POOL_SIZE: '2', ...env }, limits);
    let output = '';
    if (!child.stdout) throw new Error('no standard output');
    // A pipe that nobody reads would make the backend wait as soon as it is full.
    child.stderr?.resume();
    for await (const line of createInterface(child.stdout)) {
      output += `${line}\n`;
      // The last line of the command that it prints when it listens; in production there is none.
      if (!(env.NODE_ENV === 'production' ? line.includes('Listening on ') : line.startsWith("  -d '"))) continue;
      child.stdout.resume();
      const [url = ''] = /(?<=^curl -s |Listening on )http:\/\/[^/,]+/m.exec(output) ?? [];
      const backend = new BackendProcess(child, url, output);
      running.add(backend);
      return backend;
    }
    throw new Error(`the backend ended before it listened:\n${output}`);
  }

  execute(body: object): Promise<Response> {
    const headers = { Authorization: 'Bearer acme-dev-key', 'Content-Type': 'application/json' };
    return fetch(`${this.url}/v1/executions`, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Process ids of its VMs. */
  async vmPids(): Promise<number[]> {
    return childrenOf(this.child);
  }

  /** Sends a signal and resolves when the process is gone. */
  async end(signal: NodeJS.Signals): Promise<Exit> {
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    const [code, by] = (await exited) as [Exit['code'], Exit['signal']];
    running.delete(this);
    return { code, signal: by };
  }
}

export interface FailedStart {
  readonly code: number | null;
  readonly output: string;
  /** The VMs that it had started. */
  readonly vmPids: readonly number[];
}

/** Starts the backend and waits for its end, for starts that are to fail. */
export async function startAndFail(env: NodeJS.ProcessEnv): Promise<FailedStart> {
  const child = spawnBackend({ PORT: '0', JS_RUNTIME_POOL_SIZE: '2', ...env });
  let output = '';
  child.stdout?.on('data', (chunk) => (output += String(chunk)));
  child.stderr?.on('data', (chunk) => (output += String(chunk)));
  const closed = once(child, 'close') as Promise<[number | null]>;
  const vmPids = new Set<number>();
  while (child.exitCode === null && child.signalCode === null) {
    for (const pid of await childrenOf(child).catch(() => [])) vmPids.add(pid);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const [code] = await closed;
  return { code, output, vmPids: [...vmPids] };
}

async function childrenOf({ pid }: ChildProcess): Promise<number[]> {
  const pids = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim();
  const all = pids === '' ? [] : pids.split(' ').map(Number);
  const areVms = await Promise.all(all.map(hasOwnSession));
  return all.filter((_, index) => areVms[index]);
}

/** As VMs have. A program that the backend runs on a VM has not, and is gone soon. */
async function hasOwnSession(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  // State, parent, process group and session come after the name, which is in parentheses.
  return stat.slice(stat.lastIndexOf(')')).split(' ')[4] === String(pid);
}

/** Resolves when a process is no more. */
export async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function spawnBackend(env: NodeJS.ProcessEnv, { maxDescriptors }: ProcessLimits = {}): ChildProcess {
  const limited = ['-c', `ulimit -n ${maxDescriptors} && exec "$0" "$@"`, process.execPath, MAIN];
  const [file, args] = maxDescriptors === undefined ? [process.execPath, [MAIN]] : ['sh', limited];
  return spawn(file, args, {
    env: { PATH: process.env.PATH, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

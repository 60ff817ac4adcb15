import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createClient } from '@keyv/redis';
import { findRedisServer } from './find-redis-server.ts';

/** How often it is started on another port. */
const MOST_TRIES = 5;

/** A real Redis that keeps nothing on disk, for one test file. It ends with the process that started it, however that ends. */
export class RedisServer {
  static async start(...settings: string[]): Promise<RedisServer> {
    for (let tries = 1; ; tries++) {
      const directory = await mkdtemp(join(tmpdir(), 'js-runtime-redis-'));
      const server = new RedisServer(await freePort(), directory, settings);
      try {
        await server.#start();
        return server;
      } catch (error) {
        await server.stop();
        // Somebody else has taken the port since it was found free.
        if (!String(error).includes('Failed listening') || tries === MOST_TRIES) throw error;
      }
    }
  }

  #process: ChildProcess | undefined;
  #pid = 0;

  private constructor(
    readonly port: number,
    private readonly directory: string,
    private readonly settings: readonly string[],
  ) {}

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Runs one command, over a connection of its own, and gives back what Redis answers. */
  async run(...command: string[]): Promise<unknown> {
    const client = await createClient({ url: this.url, socket: { reconnectStrategy: false } })
      .on('error', () => undefined)
      .connect();
    try {
      return await client.sendCommand(command);
    } finally {
      client.destroy();
    }
  }

  /** From here on it accepts connections, but answers nothing. */
  async pause(): Promise<void> {
    process.kill(this.#pid, 'SIGSTOP');
    if (process.platform !== 'linux') return;
    while (!/^\d+ \(.*\) T/.test(await readFile(`/proc/${this.#pid}/stat`, 'utf8'))) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  resume(): void {
    process.kill(this.#pid, 'SIGCONT');
  }

  /** Ends it, also when it is paused; connections are reset. */
  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (!running) return;
    const exited = once(running, 'exit');
    // The shell ends it when nobody holds its input any more.
    running.stdin?.end();
    await exited;
  }

  /** Starts it again after `kill`, on the same port, with nothing in it. */
  async restart(): Promise<void> {
    await this.kill();
    await this.#start();
  }

  /** Ends it and leaves nothing behind. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    const file = findRedisServer();
    if (file === undefined) throw new Error('There is no redis-server, and JS_RUNTIME_TEST_REDIS=required');
    const noDisk = ['--save', '', '--appendonly', 'no', '--dir', this.directory];
    const settings = ['--bind', '127.0.0.1', '--port', String(this.port), ...noDisk, ...this.settings];
    // Also when this process is killed, its end of the pipe is closed.
    const script = '"$0" "$@" & echo "pid $!"; cat >/dev/null; kill -KILL $!; wait $! 2>/dev/null';
    const child = spawn('sh', ['-c', script, file, ...settings], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process = child;
    const output: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      output.push(line);
      this.#pid = Number(/^pid (\d+)$/.exec(line)?.[1] ?? this.#pid);
      if (line.includes('Ready to accept connections')) {
        // Its further output is of no interest, but must not fill the pipe.
        child.stdout.resume();
        return;
      }
      if (line.includes('Redis is now ready to exit') || line.includes('Failed listening')) break;
    }
    await this.kill();
    throw new Error(`redis-server does not start:\n${output.join('\n')}`);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import type { Image } from './image-builder.ts';

/** How the main process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface Confinement {
  /** Programs that go before the command. */
  readonly prefix: readonly string[];
  readonly description: string;
}

/** The command of an image as a process of this machine, kept to what a container would let it. */
export class Container {
  output = '';
  readonly url: string;
  /** Whether the entrypoint is in front of it, or there is no such program. */
  readonly hasEntrypoint: boolean;
  /** For people: how much of a container's walls there is. */
  readonly walls: string;
  readonly #image: Image;
  readonly #child: ChildProcess;
  readonly #prefix: readonly string[];
  readonly #env: NodeJS.ProcessEnv;

  private constructor(image: Image, port: number, given: NodeJS.ProcessEnv) {
    const { root, workdir, entrypoint, command } = image;
    this.#image = image;
    this.url = `http://127.0.0.1:${port}`;
    // Neither HOME nor TMPDIR. What of the system is not in the image's folder is the host's.
    const path = `${join(root, 'usr/local/bin')}:${join(root, 'usr/bin')}:/usr/bin:/bin`;
    this.#env = { ...image.env, ...given, PORT: String(port), PATH: path };
    const { prefix, description } = confine(image);
    this.#prefix = prefix;
    this.walls = description;
    this.hasEntrypoint = entrypoint.length === 0 || isOnPath(entrypoint[0] ?? '', path);
    const [file = '', ...args] = [...prefix, ...(this.hasEntrypoint ? entrypoint : []), ...command];
    this.#child = spawn(file, args, { cwd: join(root, workdir), env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.on('error', ({ message }) => (this.output += message));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk) => (this.output += String(chunk)));
    }
  }

  /** @param given what the operator sets; the port is a free one */
  static async start(image: Image, given: NodeJS.ProcessEnv): Promise<Container> {
    return new Container(image, await freePort(), given);
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** What an engine would find. */
  isHealthy(): boolean {
    const [file = '', ...args] = [...this.#prefix, ...(this.#image.healthcheck ?? ['false'])];
    return spawnSync(file, args, { cwd: join(this.#image.root, this.#image.workdir), env: this.#env }).status === 0;
  }

  async end(signal: NodeJS.Signals): Promise<Exit> {
    if (!this.hasEnded) {
      const ended = once(this.#child, 'close');
      this.#child.kill(signal);
      await ended;
    }
    return { code: this.#child.exitCode, signal: this.#child.signalCode };
  }

  /** Processes of the image's Node that are there, whoever started them. */
  processes(): readonly number[] {
    const node = join(this.#image.root, 'usr/local/bin/node');
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.filter((pid) => executableOf(pid) === node).map(Number);
  }
}

/**
 * As root: every file system read-only, /tmp included, in a mount namespace of its own; the image's user, with no capability and
 * no way to one. Otherwise the image's files are made read-only, and the user is who runs this.
 */
function confine({ root, user }: Image): Confinement {
  if (process.getuid?.() !== 0) {
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isSymbolicLink()) chmodSync(path, statSync(path).mode & 0o555);
    }
    return { prefix: [], description: 'files made read-only, not as the image’s user: for that, run it as root' };
  }
  const [uid = '', gid = uid] = (user ?? '').split(':');
  if (!/^[1-9]\d*$/.test(uid)) throw new Error(`USER ${user}: a numeric user that is not root is expected`);
  const become = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--no-new-privs'];
  const without = ['--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all'];
  // /proc and /dev are the engine's in a container, too. What cannot be made read-only is not let pass: see the last line.
  const readOnly = `
    for point in $(cut -d ' ' -f 5 /proc/self/mountinfo); do
      case $point in /proc*|/sys*|/dev*) ;; *) mount -o remount,bind,ro "$point" 2>/dev/null ;; esac
    done
    for place in / /tmp '${root}'; do
      if touch "$place/written" 2>/dev/null; then echo "$place can be written to" >&2; exit 125; fi
    done
    exec "$@"`;
  const namespace = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', readOnly, 'sh'];
  if (spawnSync('unshare', ['--mount', 'true']).status !== 0) {
    return {
      prefix: [...become, ...without],
      description: `user ${uid}; files are root’s, but no read-only file system`,
    };
  }
  return {
    prefix: [...namespace, ...become, ...without],
    description: `user ${uid} without capabilities, every file system read-only`,
  };
}

function isOnPath(program: string, path: string): boolean {
  return path.split(delimiter).some((directory) => existsSync(join(directory, program)));
}

function executableOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return undefined;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

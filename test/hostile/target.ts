import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { PoolStats, VmInfo } from 'nestjs-js-runtime';

const ENTRY = fileURLToPath(new URL('backend.mjs', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export const ATTACKERS = ['mallory-0', 'mallory-1', 'mallory-2', 'mallory-3'] as const;
export const BENIGN = 'alice';
export type Tenant = (typeof ATTACKERS)[number] | typeof BENIGN;

/** What the backend answered. */
export interface Answer {
  readonly status: number;
  readonly body: AnswerBody;
  /** As it came over the wire. */
  readonly text: string;
  readonly ms: number;
}

export interface AnswerBody {
  readonly result?: unknown;
  readonly code?: string;
  readonly detail?: string;
  readonly error?: {
    readonly name: string;
    readonly message: string;
    readonly file?: string | undefined;
    readonly line?: number | undefined;
    readonly column?: number | undefined;
  };
  readonly logs?: readonly { readonly message: string }[];
  readonly usage?: { readonly cpuMs: number; readonly peakMemoryBytes: number };
  readonly vmId?: string;
}

export interface Pool {
  readonly stats: PoolStats;
  readonly vms: readonly VmInfo[];
}

/** A backend that is attacked, wherever it runs. */
export interface Attacked {
  readonly pid: number;
  readonly alive: boolean;
  execute(tenant: Tenant, body: object): Promise<Answer>;
  isIndiscreet(answer: Answer): boolean;
  poolAtRest(): Promise<Pool>;
}

/** The built backend in a process of its own, with a key for every tenant and secrets that nobody may see. */
export class Target implements Attacked {
  readonly #child: ChildProcess;
  readonly #url: string;
  readonly #keys: ReadonlyMap<string, string>;
  /** What no answer may contain. */
  readonly #secrets: readonly string[];
  readonly #asked = new Map<number, (pool: Pool) => void>();
  #lastId = 0;

  private constructor(child: ChildProcess, url: string, keys: ReadonlyMap<string, string>, canary: string) {
    this.#child = child;
    this.#url = `${url}/v1/executions`;
    this.#keys = keys;
    this.#secrets = [canary, ROOT, '<isolated-vm boundary>', ...keys.values()];
    child.on('message', ({ id, ...pool }: Pool & { id: number }) => {
      this.#asked.get(id)?.(pool);
      this.#asked.delete(id);
    });
  }

  /** Resolves when it listens. */
  static async start(poolSize: number, maxVms: number, env: NodeJS.ProcessEnv = {}): Promise<Target> {
    const keys = new Map([...ATTACKERS, BENIGN].map((tenant) => [tenant, `key-${randomUUID()}`]));
    const canary = randomUUID();
    const child = fork(ENTRY, {
      env: {
        PATH: process.env.PATH,
        // One line for each of thousands of executions.
        JS_RUNTIME_AUDIT_ENABLED: 'false',
        NO_COLOR: '1',
        CANARY: canary,
        TENANT_KEYS: [...keys].map((pair) => pair.join(':')).join(','),
        JS_RUNTIME_POOL_SIZE: String(poolSize),
        JS_RUNTIME_MAX_VMS: String(maxVms),
        // More than any attack has; by default it would be less.
        JS_RUNTIME_TIMEOUT_MS: '60000',
        ...env,
      },
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const [message] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error('the backend ended before it listened'))),
    ])) as [{ url: string }];
    return new Target(child, message.url, keys, canary);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** False as soon as it has ended, for whatever reason. */
  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** `POST /v1/executions`. */
  async execute(tenant: Tenant, body: object): Promise<Answer> {
    const startedAt = performance.now();
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { Authorization: `Bearer ${this.#keys.get(tenant) ?? ''}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    const ms = performance.now() - startedAt;
    return { status: response.status, body: JSON.parse(text) as AnswerBody, text, ms };
  }

  /** Whether an answer has something in it that no tenant may see. */
  isIndiscreet({ text }: Answer): boolean {
    return this.#secrets.some((secret) => text.includes(secret));
  }

  /** Its pool now. */
  async pool(): Promise<Pool> {
    return this.#ask(false);
  }

  /** Its pool, once every VM is idle. */
  async poolAtRest(): Promise<Pool> {
    return this.#ask(true);
  }

  /** Ends it, and its VMs with it. */
  async stop(): Promise<void> {
    if (!this.alive) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exited;
  }

  async #ask(waits: boolean): Promise<Pool> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, resolve);
      this.#child.send({ id, waits }, (error) => {
        if (error) reject(error);
      });
    });
  }
}

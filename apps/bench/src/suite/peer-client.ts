import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Answer, Load, Request, Round } from './messages.ts';
import type { PeerDefinition } from './peer.ts';
import { cpuMsOf, killTree, memoryMbOf, type Memory } from './process-tree.ts';
import type { Workload } from './workload.ts';

/** Why a peer is left out: of everything, or of a workload. */
export class PeerFailure extends Error {
  override readonly name = 'PeerFailure';
  readonly isWrongResult: boolean;

  constructor(message: string, isWrongResult = false) {
    super(message);
    this.isWrongResult = isWrongResult;
  }
}

export interface MeasuredRound extends Round {
  /** Of the peer's process and all that come from it; undefined where the kernel does not tell. */
  readonly cpuMs: number | undefined;
  readonly memory: Memory | undefined;
}

const PEER_PROCESS = fileURLToPath(new URL('peer-process.ts', import.meta.url));
const START_TIMEOUT_MS = 60_000;
const PREPARE_TIMEOUT_MS = 30_000;
/** For runs that are under way when a round ends. */
const MEASURE_GRACE_MS = 30_000;
const END_TIMEOUT_MS = 10_000;
const MAX_COMPLAINT = 300;

/** The process of a peer, seen from outside. */
export class PeerClient {
  readonly #child: ChildProcess;
  #complaints = '';
  #version: string | undefined;

  private constructor(definition: PeerDefinition) {
    this.#child = fork(PEER_PROCESS, [definition.file], {
      execArgv: [...(definition.execArgv ?? [])],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = `${this.#complaints}${text}`.slice(-MAX_COMPLAINT);
    });
  }

  /** @throws PeerFailure */
  static async start(definition: PeerDefinition): Promise<PeerClient> {
    const client = new PeerClient(definition);
    try {
      const answer = await client.#answer(START_TIMEOUT_MS);
      if (answer.is === 'started') client.#version = answer.version;
      return client;
    } catch (error) {
      await client.end();
      throw error;
    }
  }

  get version(): string | undefined {
    return this.#version;
  }

  /** @throws PeerFailure */
  async prepare(workload: Workload, tenants: number, warmUpMs: number): Promise<void> {
    await this.#ask({ do: 'prepare', workload: workload.name, tenants, warmUpMs }, PREPARE_TIMEOUT_MS);
  }

  /** @throws PeerFailure */
  async measure(load: Load): Promise<MeasuredRound> {
    const pid = this.#child.pid ?? 0;
    const before = cpuMsOf(pid);
    const answer = await this.#ask({ do: 'measure', load }, load.rampMs + load.mostMs + MEASURE_GRACE_MS);
    if (answer.is !== 'measured') throw new PeerFailure(`answered a request to measure with '${answer.is}'`);
    const after = cpuMsOf(pid);
    const cpuMs = before === undefined || after === undefined ? undefined : after - before;
    return { ...answer.round, cpuMs, memory: memoryMbOf(pid) };
  }

  /** With all that it started. */
  async end(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.disconnect();
    const hasEnded = await Promise.race([exit.then(() => true), sleep(END_TIMEOUT_MS, false, { ref: false })]);
    if (!hasEnded) killTree(pid);
    await exit;
  }

  async #ask(request: Request, timeoutMs: number): Promise<Answer> {
    if (!this.#child.connected) throw new PeerFailure('its process has ended');
    const answer = this.#answer(timeoutMs);
    this.#child.send(request);
    return answer;
  }

  async #answer(timeoutMs: number): Promise<Answer> {
    const over = new AbortController();
    const { signal } = over;
    try {
      const answer = await Promise.race([
        once(this.#child, 'message', { signal }).then(([message]) => message as Answer),
        // When all that it has written has been read.
        once(this.#child, 'close', { signal }).then(([code, killedBy]) => {
          throw new PeerFailure(this.#explained(`its process has ended with ${String(code ?? killedBy)}`));
        }),
        sleep(timeoutMs, undefined, { signal }).then(() => {
          throw new PeerFailure(this.#explained(`did not answer within ${timeoutMs / 1000} s`));
        }),
      ]);
      if (answer.is === 'failed') throw new PeerFailure(answer.reason, answer.isWrongResult);
      return answer;
    } finally {
      over.abort();
    }
  }

  #explained(what: string): string {
    const complaint = this.#complaints.trim().replaceAll(/\s+/g, ' ');
    return complaint === '' ? what : `${what}: ${complaint}`;
  }
}

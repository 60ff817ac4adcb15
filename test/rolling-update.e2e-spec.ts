import { BackendProcess, endAllBackends, gone } from './support/backend-process.ts';

const SHUTDOWN_DELAY_MS = 5000;
const DRAIN_TIMEOUT_MS = 20_000;
const CLIENTS = 6;

/** Waits, calls the backend, and waits again: at any moment there are executions in every phase. */
const SCRIPT = `
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  await wait(20);
  await kv.set("n", ((await kv.get("n")) ?? 0) + 1);
  await wait(20);
  return "done";`;
const LONG_SCRIPT = `await new Promise((resolve) => setTimeout(resolve, ${2 * SHUTDOWN_DELAY_MS})); return "done"`;

/** What a cluster does with a backend that it replaces: sends it traffic while it says that it is ready, and SIGTERM at some time. */
class Cluster {
  readonly answers: string[] = [];
  #sends = true;

  constructor(private readonly backend: BackendProcess) {}

  async execute(script: string): Promise<string> {
    const response = await this.backend.execute({ script, wrap: 'function' });
    const { result, code } = (await response.json()) as { result?: string; code?: string };
    return result ?? `${response.status} ${code ?? ''}`;
  }

  /** Sends one after the other while it may. */
  async client(): Promise<void> {
    while (this.#sends) this.answers.push(await this.execute(SCRIPT));
  }

  /** Resolves when the backend is not ready; from then on nothing is sent to it. */
  async probe(): Promise<void> {
    while ((await fetch(`${this.backend.url}/health/ready`)).status === 200) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    this.#sends = false;
  }

  /** Resolves when so many more executions were answered. */
  async answered(count: number): Promise<void> {
    const until = this.answers.length + count;
    while (this.answers.length < until) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('A rolling update', () => {
  afterEach(endAllBackends);

  it('loses no execution: not ready first, then what was sent is answered, then the end, with exit code 0', async () => {
    const backend = await BackendProcess.start({
      JS_RUNTIME_SHUTDOWN_DELAY_MS: String(SHUTDOWN_DELAY_MS),
      JS_RUNTIME_DRAIN_TIMEOUT_MS: String(DRAIN_TIMEOUT_MS),
      // The long one must not leave the others one VM to share.
      JS_RUNTIME_POOL_SIZE: '4',
    });
    const vmPids = await backend.vmPids();
    const cluster = new Cluster(backend);
    const clients = Array.from({ length: CLIENTS }, async () => cluster.client());
    const probe = cluster.probe();
    const long = cluster.execute(LONG_SCRIPT);
    await cluster.answered(3 * CLIENTS);

    const toldAt = performance.now();
    const ended = backend.end('SIGTERM');
    await probe;
    // From somebody who has not heard of it yet.
    expect(await cluster.execute(SCRIPT)).toBe('done');
    expect((await fetch(`${backend.url}/health/live`)).status).toBe(200);
    await Promise.all(clients);
    expect(cluster.answers.filter((answer) => answer !== 'done')).toEqual([]);
    expect(await long).toBe('done');

    expect(await ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - toldAt).toBeLessThan(SHUTDOWN_DELAY_MS + DRAIN_TIMEOUT_MS);
    await Promise.all(vmPids.map(gone));
  });
});

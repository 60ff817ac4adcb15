import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { promisify } from 'node:util';
import type { PoolStats } from 'nestjs-js-runtime';
import { BackendProcess, endAllBackends, gone, startAndFail } from './support/backend-process.ts';
import { connectTo, executionRequest, readToEnd, readUntil } from './support/raw-client.ts';

/** Cannot be interrupted by V8; only a signal ends a process that runs it. */
const UNINTERRUPTIBLE = 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)';

/** Characters of a result that no socket buffers take whole. */
const LARGE = 24 * 2 ** 20;
const LARGE_RESULTS = { JS_RUNTIME_MAX_RESULT_BYTES: String(2 * LARGE), JS_RUNTIME_MAX_MEMORY_MB: '512' };

describe('The backend as a process', () => {
  afterEach(endAllBackends);

  it('prints a curl command that answers 42', async () => {
    const backend = await BackendProcess.start();
    const command = backend.output.slice(backend.output.indexOf('curl '));
    const { stdout } = await promisify(execFile)('sh', ['-c', command]);
    expect(JSON.parse(stdout)).toMatchObject({ result: 42 });
    await backend.end('SIGTERM');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends on %s with all its VMs, at work or not', async (signal) => {
    const backend = await BackendProcess.start({ JS_RUNTIME_DRAIN_TIMEOUT_MS: '100' });
    const running = backend.execute({ script: UNINTERRUPTIBLE });
    const vmPids = await backend.vmPids();
    expect(vmPids).toHaveLength(2);
    await untilAtWork(vmPids);
    const ended = backend.end(signal);
    const response = await running;
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'SHUTTING_DOWN', retryable: true });
    await ended;
    await Promise.all(vmPids.map(gone));
  });

  it('answers everybody who had sent a request before it was told to end', async () => {
    const backend = await BackendProcess.start({ JS_RUNTIME_DRAIN_TIMEOUT_MS: '100' });
    const requests = Array.from({ length: 20 }, () => backend.execute({ script: 'new Promise(() => {})' }));
    await untilPool(backend, ({ inUse, waiting }) => inUse + waiting === requests.length);
    const ended = backend.end('SIGTERM');
    for (const request of requests) {
      const response = await request;
      expect(response.status).toBe(503);
      expect(response.headers.get('connection')).toBe('close');
      expect(response.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      expect(await response.json()).toMatchObject({ code: 'SHUTTING_DOWN', retryable: true });
    }
    expect(await ended).toEqual({ code: 0, signal: null });
  });

  it('lets what runs come to its end, and answers it, while it turns others away', async () => {
    const backend = await BackendProcess.start({ JS_RUNTIME_MAX_VMS: '2' });
    const script = 'new Promise((resolve) => setTimeout(resolve, 6000, "done"))';
    const requests = Array.from({ length: 20 }, () => backend.execute({ script }));
    await untilPool(backend, ({ inUse, waiting }) => inUse === 2 && waiting > 0);
    const ended = backend.end('SIGTERM');
    await untilRefused(backend);
    expect((await fetch(`${backend.url}/health/ready`)).status).toBe(503);
    const answers = await Promise.all(requests.map(async (request) => (await request).json()));
    const done = answers.filter((answer) => (answer as { result?: string }).result === 'done');
    const refused = answers.filter((answer) => (answer as { code?: string }).code === 'SHUTTING_DOWN');
    expect(done.length).toBeGreaterThanOrEqual(2);
    expect(refused.length).toBeGreaterThan(0);
    expect(done.length + refused.length).toBe(requests.length);
    expect(await ended).toEqual({ code: 0, signal: null });
  });

  it('sends a response to its end before it ends itself', async () => {
    const backend = await BackendProcess.start(LARGE_RESULTS);
    const client = await receiveLargeResult(backend);
    const ended = backend.end('SIGTERM');
    await untilRefused(backend);
    const rest = await readToEnd(client);
    expect(rest.slice(-100)).toMatch(/"vmId":"vm-\d+"\}$/);
    expect(rest.length).toBeGreaterThan(0.9 * LARGE);
    expect(await ended).toEqual({ code: 0, signal: null });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends at once on a second %s, whatever still runs', async (signal) => {
    const backend = await BackendProcess.start();
    const vmPids = await backend.vmPids();
    const running = backend.execute({ script: UNINTERRUPTIBLE });
    await untilAtWork(vmPids);
    const ended = backend.end(signal);
    await untilRefused(backend);
    // Signals that come close upon each other are taken for one, so one of these is the second.
    const again = setInterval(() => backend.child.kill(signal), 20);
    await expect(running).rejects.toThrow();
    expect(await ended).toEqual({ code: 1, signal: null });
    clearInterval(again);
    await Promise.all(vmPids.map(gone));
  });

  it('takes two signals of one Ctrl-C for one', async () => {
    const backend = await BackendProcess.start(LARGE_RESULTS);
    const client = await receiveLargeResult(backend);
    const ended = backend.end('SIGINT');
    backend.child.kill('SIGTERM');
    await untilRefused(backend);
    expect((await readToEnd(client)).slice(-100)).toMatch(/"vmId":"vm-\d+"\}$/);
    expect(await ended).toEqual({ code: 0, signal: null });
  });

  it('ends although a client never finishes its request', async () => {
    const backend = await BackendProcess.start();
    const client = await connectTo(backend.port);
    client.write('POST /v1/executions HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{');
    // Answered only after the backend has read what came before it.
    expect((await backend.execute({ script: '1' })).status).toBe(200);
    await backend.end('SIGINT');
    client.destroy();
  });

  it('survives when there are no descriptors left to start a VM with', async () => {
    const backend = await BackendProcess.start({}, { maxDescriptors: 80 });
    const { port } = backend;
    const killed = backend.execute({ script: UNINTERRUPTIBLE, limits: { timeoutMs: 1500 } });
    await untilAtWork(await backend.vmPids());
    const clients = Array.from({ length: 120 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    const answer = await killed;
    expect(answer.status).toBe(422);
    // Read to its end, so that its connection can be used again: a new one may find no descriptor.
    await answer.json();
    for (const client of clients) client.destroy();
    await untilReadyAgain(backend);
    await backend.end('SIGTERM');
  });

  it('leaves no VM behind when it is killed, not even one that cannot notice', async () => {
    const backend = await BackendProcess.start();
    const running = backend.execute({ script: UNINTERRUPTIBLE });
    const vmPids = await backend.vmPids();
    await untilAtWork(vmPids);
    await Promise.all([backend.end('SIGKILL'), expect(running).rejects.toThrow()]);
    await Promise.all(vmPids.map(gone));
  });

  it('gives its VMs no environment and no descriptor but the pipe', async () => {
    const backend = await BackendProcess.start({ SECRET: 'of the backend' });
    for (const pid of await backend.vmPids()) {
      expect(await readFile(`/proc/${pid}/environ`, 'utf8')).toBe('');
      const inherited = await Promise.all([0, 1, 2, 3].map((fd) => readlink(`/proc/${pid}/fd/${fd}`)));
      expect(inherited).toEqual(['/dev/null', '/dev/null', '/dev/null', expect.stringMatching(/^socket:/)]);
      // How much memory it has itself, which it must not open any more. It does so last, and may still be starting. Right before
      // it opens /proc/self/stat for a moment, which a listing may have together with what came after.
      while (!(await descriptorsOf(pid)).includes(`/proc/${pid}/statm`));
      const own = await descriptorsOf(pid);
      expect(own.filter((target) => target.startsWith('socket:'))).toHaveLength(1);
      const files = own.filter((target) => target.startsWith('/') && target !== '/dev/null');
      expect(files).toEqual([`/proc/${pid}/statm`]);
    }
    await backend.end('SIGTERM');
  });

  it('does not start with an option that is wrong, and says which', async () => {
    const { code, output } = await startAndFail({ JS_RUNTIME_TIMEOUT_MS: 'soon' });
    expect(code).toBe(1);
    const { level, msg } = JSON.parse(output.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
    expect(level).toBe('error');
    expect(msg).toContain('timeoutMs (JS_RUNTIME_TIMEOUT_MS) is "soon": ');
  });

  it('says so in a line when its port is in use, and leaves no VM behind', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, output, vmPids } = await startAndFail({ PORT: String(port) });
    other.close();
    expect(code).toBe(1);
    expect(output.trim().split('\n').at(-1)).toBe(
      `Port ${port} of 127.0.0.1 is in use: end what listens there, or set PORT to a port that is free`,
    );
    expect(output).not.toContain('    at ');
    expect(vmPids).not.toEqual([]);
    await Promise.all(vmPids.map(gone));
  });

  it('says so in a line when it cannot listen for another reason', async () => {
    // Of the addresses that are kept for documentation, so no machine has it.
    const { code, output } = await startAndFail({ HOST: '192.0.2.1' });
    expect(code).toBe(1);
    expect(output).toMatch(/^Cannot listen on port 0 of 192\.0\.2\.1: .*PORT and HOST say where to listen$/m);
    expect(output).not.toContain('    at ');
  });

  it('does not start in production with the development keys', async () => {
    const { code, output } = await startAndFail({ NODE_ENV: 'production' });
    expect(code).toBe(1);
    expect(output).toContain('TENANT_KEYS must be set in production');
  });
});

/**
 * Has the backend answer with more than the kernel keeps for one connection: the rest stays in the backend, until this
 * client, which has read no more than the beginning, reads on.
 */
async function receiveLargeResult(backend: BackendProcess): Promise<Socket> {
  const client = await connectTo(backend.port);
  client.write(executionRequest({ script: `"x".repeat(${LARGE})` }));
  expect(await readUntil(client, '200 OK')).toContain('HTTP/1.1 200 OK');
  client.pause();
  return client;
}

/** Resolves when the backend refuses to run anything: it was told to end. */
async function untilRefused(backend: BackendProcess): Promise<void> {
  for (;;) {
    const { status } = await backend.execute({ script: '1' });
    if (status === 503) return;
  }
}

/** Resolves when the pool is full again. A backend without descriptors takes connections and closes them at once. */
async function untilReadyAgain(backend: BackendProcess): Promise<void> {
  for (;;) {
    try {
      await untilPool(backend, ({ available }) => available === 2);
      return;
    } catch (error) {
      const { exitCode, signalCode } = backend.child;
      if (exitCode !== null || signalCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function untilPool(backend: BackendProcess, condition: (stats: PoolStats) => boolean): Promise<void> {
  for (;;) {
    const { details } = (await (await fetch(`${backend.url}/health/ready`)).json()) as {
      details: { jsRuntime: { pool: PoolStats } };
    };
    if (condition(details.jsRuntime.pool)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Resolves when one of the processes has used CPU for a script: 0.1 s of it, in clock ticks of 0.01 s. */
async function untilAtWork(pids: readonly number[]): Promise<void> {
  const before = await Promise.all(pids.map(cpuTicks));
  for (;;) {
    const now = await Promise.all(pids.map(cpuTicks));
    if (now.some((ticks, index) => ticks > (before[index] ?? 0) + 10)) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function cpuTicks(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

async function descriptorsOf(pid: number): Promise<readonly string[]> {
  const all = await readdir(`/proc/${pid}/fd`);
  return Promise.all(all.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => 'closed meanwhile')));
}

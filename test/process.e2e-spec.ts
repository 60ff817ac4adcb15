import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { BackendProcess, endAllBackends, gone, startAndFail } from './support/backend-process.ts';

/** Cannot be interrupted by V8; only a signal ends a process that runs it. */
const UNINTERRUPTIBLE = 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)';

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
    const backend = await BackendProcess.start();
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

  it('ends although a client never finishes its request', async () => {
    const backend = await BackendProcess.start();
    const client = connect(Number(new URL(backend.url).port), '127.0.0.1');
    await once(client, 'connect');
    client.on('error', () => undefined);
    client.write('POST /v1/executions HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{');
    // Answered only after the backend has read what came before it.
    expect((await backend.execute({ script: '1' })).status).toBe(200);
    await backend.end('SIGINT');
    client.destroy();
  });

  it('survives when there are no descriptors left to start a VM with', async () => {
    const backend = await BackendProcess.start({}, { maxDescriptors: 80 });
    const port = Number(new URL(backend.url).port);
    const killed = backend.execute({ script: 'while (true) {}', limits: { timeoutMs: 1500 } });
    await untilAtWork(await backend.vmPids());
    const clients = Array.from({ length: 120 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    expect((await killed).status).toBe(422);
    for (const client of clients) client.destroy();
    await untilReady(backend);
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
      const all = await readdir(`/proc/${pid}/fd`);
      const own = await Promise.all(all.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => 'closed meanwhile')));
      expect(own.filter((target) => target.startsWith('socket:'))).toHaveLength(1);
      expect(own.filter((target) => target.startsWith('/') && target !== '/dev/null')).toEqual([]);
    }
    await backend.end('SIGTERM');
  });

  it('does not start with an option that is wrong, and says which', async () => {
    const { code, output } = await startAndFail({ JS_RUNTIME_TIMEOUT_MS: 'soon' });
    expect(code).toBe(1);
    expect(output).toContain('timeoutMs (JS_RUNTIME_TIMEOUT_MS) is "soon": ');
  });

  it('does not start in production with the development keys', async () => {
    const { code, output } = await startAndFail({ NODE_ENV: 'production' });
    expect(code).toBe(1);
    expect(output).toContain('TENANT_KEYS must be set in production');
  });
});

/** Resolves when the pool is full again. */
async function untilReady(backend: BackendProcess): Promise<void> {
  for (;;) {
    const { details } = (await (await fetch(`${backend.url}/health/ready`)).json()) as {
      details: { jsRuntime: { pool: { available: number } } };
    };
    if (details.jsRuntime.pool.available === 2) return;
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

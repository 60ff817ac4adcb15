import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LoadStats } from 'nestjs-js-runtime';
import { BackendProcess, endAllBackends } from './support/backend-process.ts';

const MIB = 2 ** 20;
/** What is left until the load is critical, and what the script takes. */
const ROOM_MB = 200;
const TAKEN_MB = 300;

const SETTINGS = { JS_RUNTIME_MAX_MEMORY_MB: '512', JS_RUNTIME_LOAD_INTERVAL_MS: '50' };

/** Takes memory until a server answers. */
const hogFor = (url: string): string => `
  const kept = new Uint8Array(${TAKEN_MB} * ${MIB}).fill(1);
  await http.fetch("${url}", { timeoutMs: 30_000 });
  return kept.length / ${MIB};`;

async function loadOf({ url }: BackendProcess): Promise<LoadStats> {
  const headers = { Authorization: 'Bearer admin-dev-key' };
  const response = await fetch(`${url}/v1/runtime/stats`, { headers });
  return ((await response.json()) as { runtime: { load: LoadStats } }).runtime.load;
}

async function untilLoad(backend: BackendProcess, condition: (load: LoadStats) => boolean): Promise<void> {
  while (!condition(await loadOf(backend))) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('A backend whose memory runs out', () => {
  afterEach(endAllBackends);

  it('takes nothing new, lets what runs go on, and comes back by itself', async () => {
    // What it takes at rest differs from machine to machine.
    const idle = await BackendProcess.start({ ...SETTINGS, JS_RUNTIME_MEMORY_LIMIT_MB: '100000' });
    await untilLoad(idle, ({ memory }) => memory.usedBytes > 0);
    const usedMb = (await loadOf(idle)).memory.usedBytes / MIB;
    await idle.end('SIGTERM');

    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const asked = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
    const backend = await BackendProcess.start({
      ...SETTINGS,
      HTTP_RULES: JSON.stringify({ acme: { allow: [url] } }),
      JS_RUNTIME_MEMORY_LIMIT_MB: String(Math.ceil((usedMb + ROOM_MB) / 0.92)),
      JS_RUNTIME_ELEVATED_MEMORY_PERCENT: '91',
      JS_RUNTIME_LOAD_RECOVERY_MS: '200',
    });
    expect((await backend.execute({ script: '1' })).status).toBe(200);
    const hog = backend.execute({ script: hogFor(url), wrap: 'function' });
    await untilLoad(backend, ({ level }) => level === 'critical');

    const refused = await backend.execute({ script: '1' });
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toMatchObject({ code: 'OVERLOADED', retryable: true, title: 'Overloaded' });
    const ready = await fetch(`${backend.url}/health/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({
      details: { jsRuntime: { message: 'overloaded: memory', load: { level: 'critical', causes: ['memory'] } } },
    });
    expect((await fetch(`${backend.url}/health/live`)).status).toBe(200);
    expect(await (await fetch(`${backend.url}/metrics`)).text()).toContain('js_runtime_load_level{level="critical"} 1');

    const [, held] = await asked;
    held.end();
    expect(await (await hog).json()).toMatchObject({ result: TAKEN_MB });
    server.close();

    await untilLoad(backend, ({ level }) => level !== 'critical');
    expect((await backend.execute({ script: '1' })).status).toBe(200);
    expect((await fetch(`${backend.url}/health/ready`)).status).toBe(200);
    await backend.end('SIGTERM');
  });
});

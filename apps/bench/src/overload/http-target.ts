import { setTimeout as sleep } from 'node:timers/promises';
import { startBackend } from '../load/backend.ts';
import { HttpConnections } from './http-connections.ts';
import type { Bounds, Target, Work } from './target.ts';

const REST_MS = 60_000;
const ADMIN_KEY = 'admin-dev-key';

/** The backend as `npm start` runs it, in a process of its own; its log goes nowhere. */
export async function startOverHttp(bounds: Bounds, tenants: readonly string[]): Promise<Target> {
  const keys = tenants.map((tenantId) => `${tenantId}:${keyOf(tenantId)}`);
  const backend = await startBackend({
    TENANT_KEYS: keys.join(','),
    JS_RUNTIME_POOL_SIZE: String(bounds.poolSize),
    JS_RUNTIME_TENANT_CONCURRENCY: String(bounds.tenantConcurrency),
    JS_RUNTIME_TENANT_QUEUE_SIZE: String(bounds.tenantQueueSize),
    JS_RUNTIME_QUEUE_SIZE: String(bounds.queueSize),
    JS_RUNTIME_TIMEOUT_MS: String(bounds.timeoutMs),
  });
  const connections = new HttpConnections({
    host: backend.url.hostname,
    port: Number(backend.url.port),
    noDelay: true,
  });
  const requests = new Map<Work, Map<string, Buffer>>();
  const requestOf = (tenantId: string, work: Work): Buffer => {
    const made = requests.get(work) ?? new Map<string, Buffer>();
    requests.set(work, made);
    const bytes = made.get(tenantId) ?? requestBytes(backend.url, tenantId, work);
    made.set(tenantId, bytes);
    return bytes;
  };
  return {
    title: 'the backend over HTTP, a process of its own',
    request: async (tenantId, work) => {
      try {
        const { status, body } = await connections.ask(requestOf(tenantId, work));
        if (status !== 200) return /"code":"(\w+)"/.exec(body)?.[1] ?? `status ${status}`;
        if (work.value === undefined || body.includes(`"result":${work.value},`)) return 'OK';
        return `wrong result: ${body}`;
      } catch (error) {
        return `no answer: ${(error as Error).message}`;
      }
    },
    rest: async () => {
      await comesToRest(backend.url, bounds.poolSize);
    },
    close: async () => {
      connections.close();
      await backend.stop();
    },
  };
}

function keyOf(tenantId: string): string {
  return `key-of-${tenantId}`;
}

function requestBytes(url: URL, tenantId: string, { script, timeoutMs }: Work): Buffer {
  const body = JSON.stringify({ script, ...(timeoutMs !== undefined && { limits: { timeoutMs } }) });
  const lines = [
    `POST ${url.pathname} HTTP/1.1`,
    `Host: ${url.host}`,
    `Authorization: Bearer ${keyOf(tenantId)}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

interface Stats {
  readonly runtime: {
    readonly pool: Readonly<Record<'available' | 'inUse' | 'ending' | 'starting' | 'waiting', number>>;
  };
}

async function comesToRest(url: URL, poolSize: number): Promise<void> {
  const until = performance.now() + REST_MS;
  for (;;) {
    const answer = await fetch(new URL('/v1/runtime/stats', url), {
      headers: { Authorization: `Bearer ${ADMIN_KEY}` },
    });
    const { available, inUse, ending, starting, waiting } = ((await answer.json()) as Stats).runtime.pool;
    if (available === poolSize && inUse + ending + starting + waiting === 0) return;
    if (performance.now() > until) throw new Error('the pool does not recover');
    await sleep(50);
  }
}

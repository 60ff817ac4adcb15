import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import request, { type Response, type Test } from 'supertest';
import { createApp } from '../../src/create-app.ts';

export interface Backend {
  readonly app: NestFastifyApplication;
  /** `POST /v1/executions` as a tenant. */
  execute(body: object, tenant?: 'acme' | 'globex'): Test;
  /** Any request as a tenant. */
  as(tenant: 'acme' | 'globex', method: 'get' | 'put' | 'post' | 'delete', path: string): Test;
  get(path: string): Test;
  post(path: string): Test;
  /** `DELETE /v1/executions/:id` as a tenant. */
  cancel(executionId: string, tenant?: 'acme' | 'globex'): Test;
  close(): Promise<void>;
}

export interface PoolLimits {
  readonly poolSize?: number;
  /** As the library has them by default if left out. */
  readonly maxVms?: number;
  readonly tenantConcurrency?: number;
  readonly tenantQueueSize?: number;
}

/**
 * The load is none of what these tests are about: their event loop is Jest's, which may be held for a second while it compiles,
 * and other processes have the machine's memory.
 */
const NEVER_LOADED = {
  JS_RUNTIME_ELEVATED_EVENT_LOOP_DELAY_MS: '3600000',
  JS_RUNTIME_CRITICAL_EVENT_LOOP_DELAY_MS: '3600001',
  JS_RUNTIME_ELEVATED_QUEUE_WAIT_MS: '3600000',
  JS_RUNTIME_CRITICAL_QUEUE_WAIT_MS: '3600001',
  JS_RUNTIME_ELEVATED_MEMORY_PERCENT: '99',
  JS_RUNTIME_CRITICAL_MEMORY_PERCENT: '100',
};

/** The whole backend in this process, with real VM processes; only the socket is supertest's. */
export async function startBackend(limits: PoolLimits = {}): Promise<Backend> {
  const { poolSize = 2, maxVms, tenantConcurrency, tenantQueueSize } = limits;
  process.env.JS_RUNTIME_POOL_SIZE = String(poolSize);
  // An empty variable counts as not set.
  process.env.JS_RUNTIME_MAX_VMS = String(maxVms ?? '');
  process.env.JS_RUNTIME_TENANT_CONCURRENCY = String(tenantConcurrency ?? '');
  process.env.JS_RUNTIME_TENANT_QUEUE_SIZE = String(tenantQueueSize ?? '');
  Object.assign(process.env, NEVER_LOADED);
  const app = await createApp({ logger: false });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  const server = app.getHttpServer();
  return {
    app,
    execute: (body, tenant = 'acme') =>
      request(server).post('/v1/executions').set('Authorization', `Bearer ${tenant}-dev-key`).send(body),
    as: (tenant, method, path) => request(server)[method](path).set('Authorization', `Bearer ${tenant}-dev-key`),
    get: (path) => request(server).get(path),
    post: (path) => request(server).post(path),
    cancel: (executionId, tenant = 'acme') =>
      request(server)
        .delete(`/v1/executions/${encodeURIComponent(executionId)}`)
        .set('Authorization', `Bearer ${tenant}-dev-key`),
    close: () => app.close(),
  };
}

/** Looks again at every turn of the event loop until something is so; Jest's time limit is the only one. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** The body of a problem response, after its media type was checked. */
export function problemOf(response: Response): Record<string, unknown> {
  expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
  return response.body as Record<string, unknown>;
}

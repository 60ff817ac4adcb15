import type { Response } from 'supertest';
import { VmPoolService } from 'nestjs-js-runtime';
import { startBackend, type Backend } from './support/backend.ts';

describe('What operators and clients read', () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend();
  });
  afterAll(() => backend.close());

  it('GET /health/live is up while the process is', async () => {
    const { body } = await backend.get('/health/live').expect(200);
    expect(body).toMatchObject({ status: 'ok' });
  });

  it('GET /health/ready shows the pool', async () => {
    const { body } = await backend.get('/health/ready').expect(200);
    expect(body).toMatchObject({ status: 'ok', details: { jsRuntime: { status: 'up', pool: { inUse: 0 } } } });
  });

  it('GET /health/startup is up once the pool has been filled', async () => {
    while ((await backend.get('/health/startup')).status !== 200);
    const { body } = await backend.get('/health/startup').expect(200);
    expect(body).toMatchObject({ status: 'ok', details: { jsRuntime: { status: 'up', pool: { accepting: true } } } });
  });

  it('GET /health/deep runs a script, for operators', async () => {
    const { body } = await backend.get('/health/deep').set('Authorization', 'Bearer admin-dev-key').expect(200);
    expect(body).toMatchObject({
      status: 'ok',
      details: { jsRuntime: { status: 'up', tookMs: expect.any(Number), load: { level: 'normal' } } },
    });
    for (const key of ['acme-dev-key', 'wrong']) {
      expect((await backend.get('/health/deep').set('Authorization', `Bearer ${key}`)).status).toBe(401);
    }
  });

  it('GET /health/deep finds out that a VM does not answer', async () => {
    const pool = backend.app.get(VmPoolService);
    while (pool.stats().available < 2) await new Promise(setImmediate);
    for (const { pid } of pool.vms()) process.kill(pid, 'SIGSTOP');
    const ask = async (): Promise<Response> => backend.get('/health/deep').set('Authorization', 'Bearer admin-dev-key');
    let response = await ask();
    // For a second, the last answer is good enough.
    while (response.status === 200) response = await ask();
    expect(response.status).toBe(503);
    expect(response.body).toMatchObject({
      details: { jsRuntime: { status: 'down', message: 'the VM ended: wall', pool: { accepting: true } } },
    });
    for (const { pid } of pool.vms()) process.kill(pid, 'SIGCONT');
    while ((await backend.get('/health/ready')).status !== 200);
  });

  it('GET /docs is a page', async () => {
    const { text } = await backend.get('/docs').expect(200);
    expect(text).toContain('swagger-ui');
  });

  it('GET /docs-json describes the routes, their bodies and their problems', async () => {
    const { body } = await backend.get('/docs-json').expect(200);
    expect(body).toMatchObject({
      paths: {
        '/v1/executions': {
          post: {
            requestBody: {
              content: {
                'application/json': {
                  schema: {
                    required: ['script'],
                    properties: { executionId: { type: 'string', pattern: '^(?!\\.{1,2}$)[\\w.:-]{1,128}$' } },
                  },
                },
              },
            },
            responses: {
              200: { content: { 'application/json': {} } },
              422: {
                description: expect.stringContaining('WALL_TIME_LIMIT_EXCEEDED'),
                content: { 'application/problem+json': {} },
              },
              429: {
                description: 'TENANT_BUSY',
                headers: { 'Retry-After': { schema: { type: 'integer' } } },
                content: {
                  'application/problem+json': { schema: { properties: { retryAfterMs: { type: 'number' } } } },
                },
              },
              499: { description: 'CANCELLED' },
            },
          },
        },
        '/v1/executions/{executionId}': {
          delete: {
            parameters: [{ name: 'executionId', in: 'path', required: true }],
            responses: { 204: {}, 401: { description: 'UNAUTHENTICATED' }, 404: { description: 'NOT_FOUND' } },
          },
        },
        '/v1/scripts/validate': {
          post: {
            requestBody: { content: { 'application/json': { schema: { required: ['script'] } } } },
            responses: {
              200: { content: { 'application/json': {} } },
              422: {
                description: expect.stringMatching(/^COMPILATION_FAILED, (?!.*SCRIPT_ERROR)/),
                content: {
                  'application/problem+json': {
                    schema: { properties: { error: { properties: { codeFrame: { type: 'string' } } } } },
                  },
                },
              },
            },
          },
        },
        '/v1/modules': { get: { responses: { 200: {}, 401: {}, 503: { description: 'STORAGE_UNAVAILABLE' } } } },
        '/v1/modules/{name}': {
          put: {
            parameters: [{ name: 'name', in: 'path', required: true, schema: { pattern: expect.any(String) } }],
            requestBody: { content: { 'application/json': { schema: { required: ['source'] } } } },
            responses: { 200: {}, 201: {}, 409: { description: 'QUOTA_EXCEEDED' }, 422: {} },
          },
          get: { responses: { 200: {}, 404: { description: 'NOT_FOUND' } } },
          delete: { responses: { 204: {}, 404: { description: 'NOT_FOUND' } } },
        },
      },
    });
  });

  it('GET /health/ready is 503 when the pool has closed', async () => {
    await backend.app.get(VmPoolService).close();
    const { body } = await backend.get('/health/ready').expect(503);
    expect(body).toMatchObject({
      status: 'error',
      error: { jsRuntime: { status: 'down', message: 'shutting down' } },
    });
    await backend.get('/health/live').expect(200);
    const response = await backend.execute({ script: '1' }).expect(503);
    expect(response.headers['retry-after']).toBe('1');
    expect(response.body).toMatchObject({ code: 'SHUTTING_DOWN', retryable: true });
  });
});

import { faultsOf } from '../libs/js-runtime/test-support/check-script.ts';
import { problemOf, startBackend, type Backend } from './support/backend.ts';

const PATH = '/v1/script-api.d.ts';

describe('GET /v1/script-api.d.ts', () => {
  let backend: Backend;
  beforeAll(async () => {
    process.env.JS_RUNTIME_TENANTS = JSON.stringify({ globex: { permissions: ['kv:get'] } });
    backend = await startBackend();
  });
  afterAll(async () => {
    delete process.env.JS_RUNTIME_TENANTS;
    await backend.close();
  });

  it('has the types of what scripts see', async () => {
    const { headers, text } = await backend.as('acme', 'get', PATH).buffer().expect(200);
    expect(headers).toMatchObject({
      'content-type': 'application/typescript; charset=utf-8',
      'cache-control': 'private, no-cache',
      vary: 'authorization',
    });
    expect(faultsOf(text, 'console.log(context.tenant.id, input); fetch;')).toEqual([
      `script.ts:1 Cannot find name 'fetch'.`,
    ]);
  });

  it('has the host APIs that the tenant may call, and those alone', async () => {
    const sample = `
      kv.get('a').then((value) => kv.set('a', value, { ttlMs: 5 }));
      http.fetch('https://example.com', { method: 'POST', body: '1' }).then(async (response) => {
        const { ok } = await response.json();
        return response.status + Number(ok);
      });`;
    const [acme, globex] = await Promise.all(
      (['acme', 'globex'] as const).map(async (tenant) => (await backend.as(tenant, 'get', PATH).buffer()).text),
    );
    expect(faultsOf(acme ?? '', sample)).toEqual([]);
    expect(faultsOf(acme ?? '', "kv.get(5); http.fetch('x', { method: 'CONNECT' });")).toHaveLength(2);
    expect(faultsOf(globex ?? '', sample)).toEqual([
      "script.ts:2 Property 'set' does not exist on type '{ readonly get: (key: string) => Promise<any>; }'.",
      "script.ts:3 Cannot find name 'http'.",
      "script.ts:3 Parameter 'response' implicitly has an 'any' type.",
    ]);
  });

  it('is not sent again to those who have it', async () => {
    const { headers } = await backend.as('acme', 'get', PATH).expect(200);
    const { etag = '' } = headers as { etag?: string };
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const response = await backend.as('acme', 'get', PATH).set('If-None-Match', known).expect(304);
      expect(response.headers.etag).toBe(etag);
      expect(response.text).toBe('');
    }
    await backend.as('acme', 'get', PATH).set('If-None-Match', '"other", other').expect(200);
  });

  it('is for those who have a key', async () => {
    const response = await backend.get(PATH).expect(401);
    expect(problemOf(response)).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('is documented', async () => {
    const { body } = await backend.get('/docs-json').expect(200);
    expect(body.paths[PATH]).toMatchObject({
      get: {
        security: [{ bearer: [] }],
        parameters: [{ name: 'If-None-Match', in: 'header', required: false }],
        responses: {
          200: { content: { 'application/typescript': { schema: { type: 'string' } } } },
          304: {},
          401: { description: 'UNAUTHENTICATED' },
        },
      },
    });
  });
});

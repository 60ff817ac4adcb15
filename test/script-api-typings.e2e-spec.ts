import { faultsOf } from '../libs/js-runtime/test-support/check-script.ts';
import { problemOf, startBackend, type Backend } from './support/backend.ts';

const PATH = '/v1/script-api.d.ts';

describe('GET /v1/script-api.d.ts', () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend();
  });
  afterAll(() => backend.close());

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

import type { Test } from 'supertest';
import { problemOf, startBackend, type Backend } from './support/backend.ts';

describe('Tenants', () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend();
  });
  afterAll(() => backend.close());

  it.each(['acme', 'globex'] as const)('%s is who its script runs for', async (tenant) => {
    const { body } = await backend.execute({ script: '(async () => context.tenant.id)()' }, tenant).expect(200);
    expect(body).toMatchObject({ result: tenant });
  });

  it('at the same time each see their own context only', async () => {
    const script = 'new Promise((resolve) => setTimeout(() => resolve([context.tenant.id, input]), 2))';
    const runs = Array.from({ length: 40 }, (_, index) => {
      const tenant = index % 2 === 0 ? 'acme' : 'globex';
      return {
        tenant,
        index,
        response: backend
          .execute({ script, input: index }, tenant)
          .expect(200)
          .then(({ body }) => body as object),
      };
    });
    for (const { tenant, index, response } of runs) expect(await response).toMatchObject({ result: [tenant, index] });
  });

  it('are known before a body is read: that of somebody unknown is not even parsed', async () => {
    const send = (key: string): Test =>
      backend
        .post('/v1/executions')
        .set('Authorization', `Bearer ${key}`)
        .set('Content-Type', 'application/json')
        .send('{ no JSON');
    expect(problemOf(await send('acme-dev-key').expect(400))).toMatchObject({ code: 'INVALID_REQUEST' });
    expect(problemOf(await send('wrong').expect(401))).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(problemOf(await backend.post('/health/live').send({ a: 1 }).expect(401)).code).toBe('UNAUTHENTICATED');
  });

  it('cannot change who they are', async () => {
    const script = `
      try { context.tenant.id = 'globex' } catch {}
      try { context.tenant = { id: 'globex' } } catch {}
      try { globalThis.context = { tenant: { id: 'globex' } } } catch {}
      try { Object.defineProperty(globalThis, 'context', { value: 1 }) } catch {}
      delete globalThis.context;
      [context.tenant.id, Object.isFrozen(context), Object.isFrozen(context.tenant), Object.getPrototypeOf(context) === Object.prototype]`;
    const { body } = await backend.execute({ script }).expect(200);
    expect(body).toMatchObject({ result: ['acme', true, true, true] });
  });

  it('see what the backend says of the request', async () => {
    const { body } = await backend.execute({ script: 'context' }).expect(200);
    expect(body).toMatchObject({
      result: {
        tenant: { id: 'acme' },
        request: { id: expect.any(String) },
        executionId: (body as { executionId: string }).executionId,
        deadlineMs: expect.any(Number),
      },
    });
  });

  it('leave nothing behind for the next execution', async () => {
    await backend.execute({ script: 'globalThis.leak = 1; Array.prototype.leak = 1; Math.leak = 1; 1' }).expect(200);
    for (let run = 0; run < 4; run++) {
      const { body } = await backend
        .execute({ script: '[typeof leak, [].leak === undefined, Math.leak === undefined]' })
        .expect(200);
      expect(body).toMatchObject({ result: ['undefined', true, true] });
    }
  });
});

describe('A request that is not right', () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend();
  });
  afterAll(() => backend.close());

  it.each([
    ['without a key', undefined],
    ['with an unknown key', 'Bearer nobody'],
    ['with another scheme', 'Basic YWNtZTphY21lLWRldi1rZXk='],
    ['with an empty key', 'Bearer '],
  ])('%s is not authenticated', async (_, authorization) => {
    const post = backend.post('/v1/executions').send({ script: '1' });
    if (authorization !== undefined) post.set('Authorization', authorization);
    const response = await post.expect(401);
    expect(problemOf(response)).toMatchObject({ code: 'UNAUTHENTICATED', retryable: false });
    expect(response.headers['www-authenticate']).toBe('Bearer');
  });

  it.each([
    ['has no script', {}, 'script: '],
    ['has a script that is no string', { script: 1 }, 'script: '],
    ['has an unknown member', { script: '1', skript: '1' }, 'skript'],
    ['has an unknown wrap', { script: '1', wrap: 'esm' }, 'wrap: '],
    ['has an unknown language', { script: '1', language: 'coffeescript' }, 'language: '],
    ['has a limit that is none', { script: '1', limits: { timeoutMs: 0 } }, 'limits.timeoutMs: '],
    ['has an unknown limit', { script: '1', limits: { timeout: 5 } }, 'timeout'],
    ['has a name with a line break', { script: '1', name: 'a\nb' }, 'name'],
  ])('%s', async (_, body, what) => {
    const response = await backend.execute(body).expect(400);
    const problem = problemOf(response);
    expect(problem).toMatchObject({ code: 'INVALID_REQUEST', status: 400 });
    expect(problem.detail).toContain(what);
  });

  it('is not JSON', async () => {
    const post = backend.post('/v1/executions').set('Authorization', 'Bearer acme-dev-key');
    const response = await post.set('Content-Type', 'application/json').send('{"script":').expect(400);
    expect(problemOf(response)).toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('is of another media type', async () => {
    const post = backend.post('/v1/executions').set('Authorization', 'Bearer acme-dev-key');
    const response = await post.set('Content-Type', 'text/xml').send('<script/>').expect(415);
    expect(problemOf(response)).toMatchObject({ code: 'UNSUPPORTED_MEDIA_TYPE' });
  });

  it('is larger than any script and input may be', async () => {
    const response = await backend.execute({ script: 'x'.repeat(9 * 2 ** 20) }).expect(413);
    expect(problemOf(response)).toMatchObject({ code: 'REQUEST_TOO_LARGE' });
  });

  it('goes where nothing is', async () => {
    const response = await backend.get('/v1/nothing').expect(404);
    expect(problemOf(response)).toMatchObject({ code: 'NOT_FOUND' });
  });
});

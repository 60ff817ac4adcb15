import { hash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { VmPoolService } from 'nestjs-js-runtime';
import type { Test } from 'supertest';
import { problemOf, startBackend, until, type Backend } from './support/backend.ts';
import { connectTo, executionRequest } from './support/raw-client.ts';

describe('POST /v1/scripts/validate', () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend({ poolSize: 1, maxVms: 1 });
  });
  afterAll(() => backend.close());

  const validate = (body: object, tenant: 'acme' | 'globex' = 'acme'): Test =>
    backend.as(tenant, 'post', '/v1/scripts/validate').send(body);

  it('describes a source that compiles, and does not run it', async () => {
    const script = 'while (true) {} // ü';
    const { body } = await validate({ script }).expect(200);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      name: 'script.js',
      wrap: 'script',
      language: 'javascript',
      sourceHash: hash('sha256', script, 'hex'),
      sourceBytes: 21,
    });
  });

  it.each([
    ['a function', { script: 'return await input', wrap: 'function' }],
    ['a module', { script: 'export default await 42', wrap: 'module' }],
    ['TypeScript', { script: 'const n: number = 42; n', language: 'typescript' }],
    [
      'a TypeScript module',
      { script: 'type N = number; export default 42 as N', wrap: 'module', language: 'typescript' },
    ],
  ])('takes %s', async (_, request) => {
    const { body } = await validate({ ...request, name: 'rule' }).expect(200);
    expect(body).toMatchObject({ wrap: 'script', language: 'javascript', name: 'rule', ...without(request, 'script') });
  });

  it('gives the same id to the same script of the same tenant only', async () => {
    const idOf = async (...args: Parameters<typeof validate>): Promise<unknown> =>
      ((await validate(...args).expect(200)).body as { id: unknown }).id;
    const id = await idOf({ script: '1' });
    expect(await idOf({ script: '1', name: 'script.js', wrap: 'script', language: 'javascript' })).toBe(id);
    const others = [
      await idOf({ script: '1' }, 'globex'),
      await idOf({ script: '2' }),
      await idOf({ script: '1', name: 'other.js' }),
      await idOf({ script: '1', wrap: 'function' }),
      await idOf({ script: '1', language: 'typescript' }),
    ];
    expect(new Set([id, ...others]).size).toBe(6);
  });

  it('shows where a source does not compile', async () => {
    const response = await validate({ script: 'const a = 1;\nconst b = ;\n', name: 'rule.js' }).expect(422);
    expect(problemOf(response)).toEqual({
      type: 'about:blank',
      title: 'Compilation failed',
      status: 422,
      code: 'COMPILATION_FAILED',
      detail: "SyntaxError: Unexpected token ';' (rule.js:2:11)",
      retryable: false,
      error: {
        name: 'SyntaxError',
        message: "Unexpected token ';'",
        stack: "SyntaxError: Unexpected token ';'\n    at rule.js:2:11",
        file: 'rule.js',
        line: 2,
        column: 11,
        codeFrame: '  1 | const a = 1;\n> 2 | const b = ;\n    |           ^\n  3 |',
      },
      usage: expect.objectContaining({ compile: 'miss' }),
    });
  });

  it.each([
    ['no JavaScript, though it is TypeScript', { script: 'let n: number' }],
    ['no script, though it is a module', { script: 'export default 1' }],
    ['a module that imports what nobody has saved', { script: 'import "./missing.js"', wrap: 'module' }],
    ['a module that imports what there never is', { script: 'import "node:fs"', wrap: 'module' }],
    ['TypeScript that is more than JavaScript with types', { script: 'enum E { A }', language: 'typescript' }],
  ])('refuses what is %s', async (_, request) => {
    const problem = problemOf(await validate(request).expect(422));
    expect(problem).toMatchObject({ code: 'COMPILATION_FAILED', error: { name: expect.any(String), line: 1 } });
  });

  it.each([
    ['has no script', {}, 'script: '],
    ['has an input', { script: '1', input: 1 }, 'input'],
    ['has an unknown wrap', { script: '1', wrap: 'esm' }, 'wrap: '],
    ['has an unknown language', { script: '1', language: 'coffeescript' }, 'language: '],
    ['has a limit that is none', { script: '1', limits: { timeoutMs: 0 } }, 'limits.timeoutMs: '],
    ['has a name with a line break', { script: '1', name: 'a\nb' }, 'name'],
  ])('refuses a request that %s', async (_, body, what) => {
    const problem = problemOf(await validate(body).expect(400));
    expect(problem).toMatchObject({ code: 'INVALID_REQUEST', detail: expect.stringContaining(what) });
  });

  it('refuses a source that is larger than the tenant may have', async () => {
    const problem = problemOf(await validate({ script: ' '.repeat(2 ** 20 + 1) }).expect(413));
    expect(problem).toMatchObject({ code: 'SCRIPT_TOO_LARGE', limit: { name: 'maxSourceBytes' } });
  });

  it('refuses who is unknown before it reads the body', async () => {
    const post = backend.post('/v1/scripts/validate').set('Content-Type', 'application/json').send('{ no JSON');
    expect(problemOf(await post.expect(401))).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('ends when the client goes away', async () => {
    const pool = backend.app.get(VmPoolService);
    await backend.app.listen(0, '127.0.0.1');
    const { port } = backend.app.getHttpServer().address() as AddressInfo;
    const running = backend
      .execute({ script: 'new Promise(() => {})', executionId: 'busy' })
      .then((response) => response);
    await until(() => pool.stats().inUse === 1);
    const client = await connectTo(port);
    client.write(executionRequest({ script: '1' }, '/v1/scripts/validate'));
    await until(() => pool.stats().waiting === 1);
    client.destroy();
    await until(() => pool.stats().waiting === 0);
    expect(pool.stats().inUse).toBe(1);
    await backend.cancel('busy').expect(204);
    expect((await running).status).toBe(499);
  });
});

function without(object: object, name: string): object {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
}

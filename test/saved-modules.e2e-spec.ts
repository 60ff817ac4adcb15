import { hash } from 'node:crypto';
import type { Test } from 'supertest';
import { problemOf, startBackend, type Backend } from './support/backend.ts';

type Tenant = 'acme' | 'globex';

describe('Saved modules', () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend();
  });
  afterEach(async () => {
    for (const tenant of ['acme', 'globex'] as const) {
      for (const name of await namesOf(tenant)) await remove(name, tenant).expect(204);
    }
  });
  afterAll(() => backend.close());

  const put = (name: string, body: object, tenant: Tenant = 'acme'): Test =>
    backend.as(tenant, 'put', `/v1/modules/${encodeURIComponent(name)}`).send(body);
  const get = (name: string, tenant: Tenant = 'acme'): Test =>
    backend.as(tenant, 'get', `/v1/modules/${encodeURIComponent(name)}`);
  const remove = (name: string, tenant: Tenant = 'acme'): Test =>
    backend.as(tenant, 'delete', `/v1/modules/${encodeURIComponent(name)}`);
  const namesOf = async (tenant: Tenant): Promise<string[]> => {
    const { body } = await backend.as(tenant, 'get', '/v1/modules').expect(200);
    return (body as { modules: { name: string }[] }).modules.map(({ name }) => name);
  };
  const run = async (script: string, rest: object = {}, tenant: Tenant = 'acme'): Promise<unknown> => {
    const { body } = await backend.execute({ script, wrap: 'module', ...rest }, tenant).expect(200);
    return (body as { result: unknown }).result;
  };

  it('are kept, listed, shown, replaced and deleted', async () => {
    const source = 'export const rate = 0.2; // ü';
    const description = {
      name: 'tax.js',
      language: 'javascript',
      sourceHash: hash('sha256', source, 'hex'),
      sourceBytes: 30,
      updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    };
    const { body: created } = await put('tax.js', { source }).expect(201);
    expect(created).toEqual(description);
    await put('_a.mts', { source: 'export type A = string' }).expect(201);

    const { body: list } = await backend.as('acme', 'get', '/v1/modules').expect(200);
    expect(list).toEqual({
      modules: [expect.objectContaining({ name: '_a.mts', language: 'typescript' }), description],
    });
    const { body: shown } = await get('tax.js').expect(200);
    expect(shown).toEqual({ ...created, source });

    const other = 'export const rate = 0.25;';
    const { body: replaced } = await put('tax.js', { source: other }).expect(200);
    expect(replaced).toMatchObject({ name: 'tax.js', sourceHash: hash('sha256', other, 'hex'), sourceBytes: 25 });
    expect((await get('tax.js').expect(200)).body).toEqual({ ...replaced, source: other });

    await remove('tax.js').expect(204);
    expect(problemOf(await get('tax.js').expect(404))).toMatchObject({ code: 'NOT_FOUND' });
    expect(problemOf(await remove('tax.js').expect(404))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await namesOf('acme')).toEqual(['_a.mts']);
    await put('tax.js', { source }).expect(201);
  });

  it('belong to one tenant: nobody else lists, reads, replaces, deletes or imports them', async () => {
    await put('tax.js', { source: 'export default "of acme"' }).expect(201);
    expect(await namesOf('globex')).toEqual([]);
    await get('tax.js', 'globex').expect(404);
    await remove('tax.js', 'globex').expect(404);
    const importing = { script: 'export { default } from "./tax.js"', wrap: 'module' };
    const problem = problemOf(await backend.execute(importing, 'globex').expect(422));
    expect(problem).toMatchObject({ code: 'COMPILATION_FAILED' });
    await put('tax.js', { source: 'export default "of globex"' }, 'globex').expect(201);
    expect(await run(importing.script)).toBe('of acme');
    expect(await run(importing.script, {}, 'globex')).toBe('of globex');
    await remove('tax.js', 'globex').expect(204);
    expect(await namesOf('acme')).toEqual(['tax.js']);
  });

  it('that a script in a warm realm imports are the saved ones at each call, and no call fails', async () => {
    const saved = async (version: number): Promise<void> => {
      await put('tax.js', { source: `export const version = ${version};` });
    };
    await saved(1);
    await put('price.js', { source: 'export { version } from "./tax.js";' }).expect(201);
    const script = 'import { version } from "./price.js"; let calls = 0; export default () => [version, ++calls];';
    const call = async (): Promise<unknown> => run(script, { realm: 'warm' });
    for (let calls = 1; calls <= 3; calls++) expect(await call()).toEqual([1, calls]);
    let version = 1;
    let isOver = false;
    const caller = async (): Promise<void> => {
      while (!isOver) {
        const least = version;
        const [found] = (await call()) as [number];
        expect(found).toBeGreaterThanOrEqual(least);
      }
    };
    const callers = Promise.all(Array.from({ length: 4 }, caller));
    for (let next = 2; next <= 6; next++) {
      await saved(next);
      version = next;
      for (let n = 0; n < 3; n++) expect(await call()).toEqual([next, expect.any(Number)]);
    }
    isOver = true;
    await callers;
  });

  it('have to compile, and nothing is saved of one that does not', async () => {
    await put('tax.js', { source: 'export default 1' }).expect(201);
    const response = await put('tax.js', { source: 'export default 1;\nexport const = 2;' }).expect(422);
    expect(problemOf(response)).toMatchObject({
      code: 'COMPILATION_FAILED',
      error: {
        file: 'tax.js',
        line: 2,
        column: 14,
        codeFrame: '  1 | export default 1;\n> 2 | export const = 2;\n    |              ^',
      },
    });
    expect((await get('tax.js').expect(200)).body).toMatchObject({ source: 'export default 1' });
    await put('types.js', { source: 'export const n: number = 1' }).expect(422);
    expect(await namesOf('acme')).toEqual(['tax.js']);
  });

  it('have the language of their name, unless it is given', async () => {
    const typed = 'export default 1 as number';
    expect((await put('a.ts', { source: typed }).expect(201)).body).toMatchObject({ language: 'typescript' });
    const request = { source: typed, language: 'typescript' };
    expect((await put('a.js', request).expect(201)).body).toMatchObject({ language: 'typescript' });
    await put('b.ts', { source: typed, language: 'javascript' }).expect(422);
  });

  it.each(['a.js', '_.mjs', '0.ts', 'a-b.c_d.mts', `${'a'.repeat(125)}.js`])('can be named %s', async (name) => {
    await put(name, { source: 'export default 1' }).expect(201);
    expect(await namesOf('acme')).toEqual([name]);
    expect(await run(`export { default } from "./${name}"`)).toBe(1);
  });

  it.each([
    'a',
    'a.json',
    'a.JS',
    '.js',
    '-a.js',
    '.a.js',
    'a/b.js',
    '../a.js',
    'a b.js',
    'é.js',
    'a.js\n',
    'a.js?',
    `${'a'.repeat(126)}.js`,
  ])('cannot be named %j', async (name) => {
    const problem = problemOf(await put(name, { source: 'export default 1' }).expect(400));
    expect(problem).toMatchObject({ code: 'INVALID_REQUEST', detail: expect.stringContaining('1 to 128 letters') });
    await get(name).expect(404);
    await remove(name).expect(404);
  });

  it.each([
    ['has no source', {}, 'source: '],
    ['has a source that is no string', { source: 1 }, 'source: '],
    ['has an unknown member', { source: '', name: 'a.js' }, 'name'],
    ['has an unknown language', { source: '', language: 'coffeescript' }, 'language: '],
  ])('are not saved by a request that %s', async (_, body, what) => {
    const problem = problemOf(await put('a.js', body).expect(400));
    expect(problem).toMatchObject({ code: 'INVALID_REQUEST', detail: expect.stringContaining(what) });
  });

  it.each([
    ['put', '/v1/modules/a.js'],
    ['get', '/v1/modules/a.js'],
    ['delete', '/v1/modules/a.js'],
    ['get', '/v1/modules'],
  ] as const)('are nothing for somebody unknown: %s %s', async (method, path) => {
    const request = backend.as('acme', method, path).set('Authorization', 'Bearer wrong');
    if (method === 'put') request.set('Content-Type', 'application/json').send('{ no JSON');
    expect(problemOf(await request.expect(401))).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('are no larger together than 5 MiB, also when they come at once', async () => {
    const source = (bytes: number): string => '//'.padEnd(bytes, 'x');
    const names = ['a.js', 'b.js', 'c.js', 'd.js', 'e.js', 'f.js', 'g.js'];
    const statuses = await Promise.all(
      names.map(async (name) => (await put(name, { source: source(2 ** 20) })).status),
    );
    expect(statuses.sort()).toEqual([201, 201, 201, 201, 201, 409, 409]);
    const [name = ''] = await namesOf('acme');
    expect(problemOf(await put('one-more.js', { source: '//' }).expect(409))).toMatchObject({
      code: 'QUOTA_EXCEEDED',
      title: 'Quota exceeded',
      retryable: false,
      detail: 'With this one the saved modules would have 5242882 bytes of source; allowed are 5242880',
      limit: { name: 'maxModuleBytes', allowed: 5_242_880, used: 5_242_882 },
    });
    await put('one-more.js', { source: '//' }, 'globex').expect(201);
    // What is replaced does not count.
    await put(name, { source: source(2 ** 20 - 2) }).expect(200);
    await put('one-more.js', { source: '//' }).expect(201);
  });

  describe('that are imported', () => {
    it('are the version that is saved when the execution begins', async () => {
      const script = 'import { rate } from "./tax.js"; export default (input) => input * rate';
      await put('tax.js', { source: 'export const rate = 2' }).expect(201);
      expect(await run(script, { input: 21 })).toBe(42);
      await put('tax.js', { source: 'export const rate = 3' }).expect(200);
      expect(await run(script, { input: 21 })).toBe(63);
      await remove('tax.js').expect(204);
      const problem = problemOf(await backend.execute({ script, wrap: 'module', input: 1 }).expect(422));
      expect(problem).toMatchObject({ code: 'COMPILATION_FAILED', detail: expect.stringContaining('./tax.js') });
    });

    it('can import each other, in a circle too, and be saved in any order', async () => {
      const even = 'import { odd } from "./odd.js"; export const even = (n) => n === 0 || odd(n - 1)';
      const odd = 'import { even } from "./even.js"; export const odd = (n) => n !== 0 && even(n - 1)';
      await put('even.js', { source: even }).expect(201);
      await put('odd.js', { source: odd }).expect(201);
      expect(await run('import { even } from "./even.js"; export default [even(10), even(7)]')).toEqual([true, false]);
    });

    it('can be TypeScript, also from JavaScript', async () => {
      const source = 'interface Order { net: number }\nexport const gross = ({ net }: Order): number => net * 1.2;';
      await put('gross.ts', { source }).expect(201);
      expect(await run('import { gross } from "./gross.ts"; export default gross({ net: 10 })')).toBe(12);
    });

    it('say in which of them a script failed', async () => {
      await put('fails.js', { source: 'export const fail = () => {\n  throw new RangeError("no");\n}' }).expect(201);
      const script = 'import { fail } from "./fails.js";\nexport default () => fail()';
      const problem = problemOf(await backend.execute({ script, wrap: 'module' }).expect(422));
      expect(problem).toMatchObject({ code: 'SCRIPT_ERROR', error: { file: 'fails.js', line: 2 } });
    });

    it.each([
      'tax.js',
      '/tax.js',
      '../tax.js',
      './/tax.js',
      './a/../tax.js',
      './tax.js?1',
      './TAX.js',
      './%74ax.js',
      'file:///tax.js',
      'https://example.com/tax.js',
      './tax',
      '',
    ])('are not found as %j', async (specifier) => {
      await put('tax.js', { source: 'export default 1' }).expect(201);
      const script = `export { default } from ${JSON.stringify(specifier)}`;
      const problem = problemOf(await backend.execute({ script, wrap: 'module' }).expect(422));
      expect(problem).toMatchObject({ code: 'COMPILATION_FAILED' });
    });
  });
});

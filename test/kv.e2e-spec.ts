import { freePort } from '../libs/js-runtime/test-support/redis-server.ts';
import { problemOf, startBackend, type Backend } from './support/backend.ts';

/** As `kv.api.ts` has it for a script that catches it. */
const CAUGHT = (call: string): string =>
  `try { await ${call}; return 'not refused'; } catch ({ code, details }) { return { code, details }; }`;

describe('kv', () => {
  let backend: Backend;

  beforeAll(async () => {
    process.env.KV_MAX_KEYS = '20';
    process.env.KV_MAX_BYTES = '100000';
    process.env.JS_RUNTIME_PERMISSIONS = 'kv:*';
    backend = await startBackend();
    delete process.env.KV_MAX_KEYS;
    delete process.env.KV_MAX_BYTES;
    delete process.env.JS_RUNTIME_PERMISSIONS;
  });
  afterEach(async () => {
    for (const tenant of ['acme', 'globex'] as const) {
      await run('for (const key of (await kv.list()).keys) await kv.delete(key)', tenant);
    }
  });
  afterAll(() => backend.close());

  const run = async (script: string, tenant: 'acme' | 'globex' = 'acme', input: unknown = null): Promise<unknown> => {
    const response = await backend.execute({ script, wrap: 'function', input }, tenant).expect(200);
    return (response.body as { result?: unknown }).result;
  };

  it('gives two tenants two values of one key', async () => {
    await run("await kv.set('greeting', 'hello from acme')");
    await run("await kv.set('greeting', 'hello from globex')", 'globex');
    expect(await run("return await kv.get('greeting')")).toBe('hello from acme');
    expect(await run("return await kv.get('greeting')", 'globex')).toBe('hello from globex');
    expect(await run("return [await kv.delete('greeting'), await kv.delete('greeting')]", 'globex')).toEqual([
      true,
      false,
    ]);
    expect(await run("return await kv.get('greeting') === undefined", 'globex')).toBe(true);
    expect(await run("return await kv.get('greeting')")).toBe('hello from acme');
  });

  it('gives back what was set, whatever is under the key', async () => {
    const values = [null, false, 0, '', ':base64:aGk=', '\ud800', [[]], { constructor: { prototype: 1 }, a: ['ü'] }];
    const script = `for (const value of input) { await kv.set('\\0', value); }
      return Promise.all(input.map(async (value, i) => { await kv.set('k' + i, value); return kv.get('k' + i); }))`;
    expect(await run(script, 'acme', values)).toEqual(values);
    expect(
      await run("await kv.set('__proto__', 1); await kv.set('constructor', 2); return (await kv.list()).keys"),
    ).toEqual(expect.arrayContaining(['\0', '__proto__', 'constructor', 'k0']));
  });

  it('lets go of a value whose time is over', async () => {
    await run("await kv.set('brief', 1, { ttlMs: 1 }); await kv.set('long', 1, { ttlMs: 3_600_000 })");
    const script = "while (await kv.get('brief') !== undefined); return (await kv.list()).keys";
    expect(await run(script)).toEqual(['long']);
  });

  it('lists by prefix, a page at a time', async () => {
    const script = `
      for (const key of ['a:2', 'b', 'a:1', 'a:3']) await kv.set(key, key);
      const pages = [await kv.list({ prefix: 'a:', limit: 2 })];
      pages.push(await kv.list({ prefix: 'a:', limit: 2, cursor: pages[0].cursor }));
      return [...pages, await kv.list('b'), await kv.list('c')];`;
    expect(await run(script)).toEqual([
      { keys: ['a:1', 'a:2'], cursor: 'a:2' },
      { keys: ['a:3'] },
      { keys: ['b'] },
      { keys: [] },
    ]);
  });

  it('refuses what is more than a tenant may keep, and only that tenant', async () => {
    await run('for (let i = 0; i < 20; i++) await kv.set(`k${i}`, i)');
    expect(await run(CAUGHT("kv.set('one more', 1)"))).toEqual({
      code: 'QUOTA_EXCEEDED',
      details: { limit: { name: 'maxKeys', allowed: 20, used: 21 } },
    });
    expect(await run("await kv.set('one more', 1); return 'set'", 'globex')).toBe('set');
    expect(await run(CAUGHT("kv.set('k0', 'x'.repeat(66_000))"))).toMatchObject({
      code: 'QUOTA_EXCEEDED',
      details: { limit: { name: 'maxValueBytes', allowed: 65_536, used: 66_002 } },
    });
    await run("await kv.set('k0', 'x'.repeat(60_000))");
    expect(await run(CAUGHT("kv.set('k1', 'x'.repeat(60_000))"))).toMatchObject({
      code: 'QUOTA_EXCEEDED',
      details: { limit: { name: 'maxBytes', allowed: 100_000 } },
    });
    expect(await run("return await kv.get('k1')")).toBe(1);
  });

  it.each([
    'kv.get()',
    "kv.get('')",
    'kv.get(1)',
    "kv.get('x'.repeat(513))",
    "kv.set('a')",
    "kv.set('a', 1, 5)",
    "kv.set('a', 1, { ttlMs: 0 })",
    "kv.set('a', 1, { ttlMs: '5' })",
    "kv.set('a', JSON.parse('{\"__proto__\":1}'))",
    'kv.list({ limit: 1001 })',
    'kv.list(null)',
  ])('refuses %s', async (call) => {
    expect(await run(CAUGHT(call))).toMatchObject({ code: 'API_CALL_INVALID' });
    expect(await run('return (await kv.list()).keys')).toEqual([]);
  });

  it.each([
    "kv.get('secret', { tenant: { id: 'acme' } })",
    "kv.get({ key: 'secret', tenantId: 'acme' })",
    "kv.get(['kv', 'acme', 'secret'])",
    "kv.set('secret', 1, { tenantId: 'acme', executionId: 'e1' })",
    "kv.delete.call({ tenant: { id: 'acme' } }, 'secret', 'acme')",
    "kv.list({ prefix: '', tenant: 'acme' })",
  ])('gets a script nowhere that asks for another tenant: %s', async (call) => {
    await run("await kv.set('secret', 42)");
    expect(await run(CAUGHT(call), 'globex')).toMatchObject({ code: 'API_CALL_INVALID' });
    expect(await run("return await kv.get('secret')")).toBe(42);
  });

  it('is not moved to another tenant by what a script changes in its own realm', async () => {
    await run("await kv.set('secret', 42)");
    const script = `
      Object.prototype.tenant = { id: 'acme' };
      Object.prototype.tenantId = 'acme';
      Array.prototype.toJSON = function () { return ['secret']; };
      globalThis.context = { tenant: { id: 'acme' } };
      for (const key of ['secret', '","acme","secret', '../acme/secret', '["kv","acme"]secret']) {
        if (await kv.get(key) !== undefined) return key;
      }`;
    expect(await run(script, 'globex')).toBeUndefined();
  });

  it('is there only for whom it is permitted', async () => {
    process.env.JS_RUNTIME_PERMISSIONS = 'kv:*,!kv:get';
    const other = await startBackend();
    delete process.env.JS_RUNTIME_PERMISSIONS;
    try {
      await other.execute({ script: "await kv.delete('a')", wrap: 'function' }).expect(200);
      const response = await other.execute({ script: "await kv.get('a')", wrap: 'function' }).expect(403);
      expect(problemOf(response)).toMatchObject({ code: 'PERMISSION_DENIED' });
    } finally {
      await other.close();
    }
  });

  it('says that the storage is away, once Redis is', async () => {
    process.env.STORAGE_URL = `redis://127.0.0.1:${await freePort()}`;
    process.env.JS_RUNTIME_PERMISSIONS = 'kv:*';
    const other = await startBackend();
    delete process.env.STORAGE_URL;
    delete process.env.JS_RUNTIME_PERMISSIONS;
    try {
      for (const call of ["kv.get('a')", "kv.set('a', 1)", "kv.delete('a')", 'kv.list()']) {
        const response = await other.execute({ script: CAUGHT(call), wrap: 'function' }).expect(200);
        expect(response.body).toMatchObject({ result: { code: 'STORAGE_UNAVAILABLE' } });
      }
    } finally {
      await other.close();
    }
  });
});

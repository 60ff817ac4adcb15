import { parseExposition, type Exposition } from './support/exposition.ts';
import { problemOf, startBackend, type Backend } from './support/backend.ts';

const NO_OTHERS = { METRICS_KEY: undefined, METRICS_TENANTS: undefined };

/** Sets variables of this process, and removes those that are undefined. */
function setEnvironment(env: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
}

describe('GET /metrics', () => {
  let backend: Backend;
  afterEach(async () => {
    await backend.close();
    setEnvironment(NO_OTHERS);
  });

  async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    setEnvironment(env);
    backend = await startBackend();
  }

  async function scrape(): Promise<Exposition> {
    const { text, headers } = await backend.get('/metrics').expect(200);
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    return parseExposition(text);
  }

  it('tells what executions came to and took', async () => {
    await start();
    await backend.execute({ script: '1' }).expect(200);
    await backend.execute({ script: '1' }, 'globex').expect(200);
    await backend.execute({ script: 'throw 1' }).expect(422);
    await backend.execute({ script: 'for(;;);', limits: { timeoutMs: 2000 } }).expect(422);
    await backend
      .execute({ wrap: 'function', script: 'await kv.get("a"); await kv.get(1).catch(() => 0)' })
      .expect(200);
    const { values } = await scrape();
    expect(values.get('js_runtime_executions_total{outcome="OK"}')).toBe(3);
    expect(values.get('js_runtime_executions_total{outcome="SCRIPT_ERROR"}')).toBe(1);
    expect(values.get('js_runtime_executions_total{outcome="WALL_TIME_LIMIT_EXCEEDED"}')).toBe(1);
    for (const name of ['execution_duration', 'execution_queue_wait', 'execution_cpu']) {
      expect(values.get(`js_runtime_${name}_seconds_count`)).toBe(5);
      expect(values.get(`js_runtime_${name}_seconds_bucket{le="+Inf"}`)).toBe(5);
    }
    expect(values.get('js_runtime_execution_duration_seconds_sum')).toBeGreaterThan(0.05);
    expect(values.get('js_runtime_compile_cpu_seconds_count')).toBe(5);
    expect(values.get('js_runtime_api_calls_total{api="kv.get",outcome="OK"}')).toBe(1);
    expect(values.get('js_runtime_api_calls_total{api="kv.get",outcome="API_CALL_INVALID"}')).toBe(1);
    expect(values.get('js_runtime_api_call_duration_seconds_count{api="kv.get"}')).toBe(2);
    expect(values.get('js_runtime_cache_misses_total')).toBe(5);
  });

  it('has buckets that each have all below, and end with all', async () => {
    await start();
    for (const script of ['1', '2', 'for (let i = 0; i < 1e6; i++);']) await backend.execute({ script }).expect(200);
    const { values } = await scrape();
    const buckets = [...values].filter(([series]) => series.startsWith('js_runtime_execution_duration_seconds_bucket'));
    const counts = buckets.map(([, count]) => count);
    expect(buckets.length).toBeGreaterThan(10);
    expect([...counts].sort((a, b) => a - b)).toEqual(counts);
    expect(counts.at(-1)).toBe(3);
    const bounds = buckets.map(([series]) => Number(/le="(.*)"/.exec(series)?.[1]?.replace('+Inf', 'Infinity')));
    expect([...bounds].sort((a, b) => a - b)).toEqual(bounds);
  });

  it('tells of the pool', async () => {
    await start();
    const { values } = await scrape();
    const vms = ['idle', 'recycling', 'leased', 'ending', 'starting'].map(
      (state) => values.get(`js_runtime_pool_vms{state="${state}"}`) ?? NaN,
    );
    expect(vms.reduce((sum, count) => sum + count)).toBe(2);
    expect(values.get('js_runtime_pool_size')).toBe(2);
    expect(values.get('js_runtime_pool_accepting')).toBe(1);
    expect(values.get('js_runtime_pool_breaker{state="closed"}')).toBe(1);
    expect(values.get('js_runtime_pool_breaker{state="open"}')).toBe(0);
    // A VM that a script has killed: it cannot be interrupted.
    await backend.execute({
      script: 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)',
      limits: { timeoutMs: 2000 },
    });
    const ended = async (): Promise<unknown> =>
      (await scrape()).values.get('js_runtime_pool_vms_destroyed_total{reason="wall"}');
    // Counted when the kernel has reaped it, which is a moment after the answer.
    while ((await ended()) === 0);
    expect(await ended()).toBe(1);
  });

  it('has everything before anything has happened, with a type', async () => {
    await start();
    const { types, values } = await scrape();
    expect(values.get('js_runtime_executions_total{outcome="VM_CRASHED"}')).toBe(0);
    expect(values.get('js_runtime_pool_vms_destroyed_total{reason="crashed"}')).toBe(0);
    expect(values.get('js_runtime_pool_leases_refused_total{code="TENANT_BUSY"}')).toBe(0);
    expect(types.get('js_runtime_api_calls_total')).toBe('counter');
    expect(types.get('js_runtime_api_call_duration_seconds')).toBe('histogram');
    expect(types.get('process_resident_memory_bytes')).toBe('gauge');
  });

  it('has nothing of tenants and scripts in its labels, but of tenants that METRICS_TENANTS names', async () => {
    await start({ METRICS_TENANTS: 'globex,nobody' });
    await backend.execute({ name: 'secret-name.js', script: 'throw new Error("secret")' }).expect(422);
    await backend.execute({ script: '1' }, 'globex').expect(200);
    const { text } = await backend.get('/metrics').expect(200);
    expect(text).not.toMatch(/acme|secret-name|"secret"/);
    const { values } = parseExposition(text);
    expect(values.get('js_runtime_tenant_executions_total{tenant="globex"}')).toBe(1);
    expect(values.get('js_runtime_tenant_executions_total{tenant="nobody"}')).toBe(0);
    expect(values.get('js_runtime_tenant_cpu_seconds_total{tenant="globex"}')).toBeGreaterThan(0);
  });

  it('has no more series however many scripts, tenants and names there are', async () => {
    await start();
    await backend.execute({ wrap: 'function', script: 'await kv.get("a")' }).expect(200);
    const ours = async (): Promise<number> =>
      [...(await scrape()).values.keys()].filter((series) => series.startsWith('js_runtime_')).length;
    const before = await ours();
    for (let n = 0; n < 20; n++) {
      await backend.execute({ name: `n${n}.js`, script: `const x${n} = ${n}; x${n}` }).expect(200);
      await backend.execute({ wrap: 'function', script: `await kv.method${n}()` }).expect(422);
    }
    expect(await ours()).toBe(before);
  });

  it('needs METRICS_KEY where that is set', async () => {
    await start({ METRICS_KEY: 'a-metrics-key' });
    for (const key of [undefined, 'acme-dev-key', 'admin-dev-key', 'a-metrics-kez']) {
      const request = backend.get('/metrics');
      const response = await (key === undefined ? request : request.set('Authorization', `Bearer ${key}`)).expect(401);
      expect(problemOf(response)).toMatchObject({ code: 'UNAUTHENTICATED' });
      expect(response.text).not.toContain('a-metrics-key');
    }
    await backend.get('/metrics').set('Authorization', 'Bearer a-metrics-key').expect(200);
  });
});

describe('GET /v1/runtime/stats', () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend();
  });
  afterAll(() => backend.close());

  const stats = (query = '', key = 'admin-dev-key'): ReturnType<Backend['get']> =>
    backend.get(`/v1/runtime/stats${query}`).set('Authorization', `Bearer ${key}`);

  it('shows operators the runtime, its VMs, and who uses most CPU', async () => {
    await backend.execute({ script: '1' }).expect(200);
    await backend.execute({ script: 'const end = Date.now() + 100; while (Date.now() < end);' }, 'globex').expect(200);
    const { body } = await stats().expect(200);
    expect(body).toMatchObject({
      runtime: { executionsTotal: 2, executions: { outcomes: { OK: 2 } }, pool: { accepting: true } },
      topTenants: [
        { tenantId: 'globex', executions: 1, errors: 0 },
        { tenantId: 'acme', executions: 1 },
      ],
    });
    const { vms } = body as { vms: { pid: number; state: string }[] };
    // The second may still be starting.
    expect(vms[0]).toMatchObject({ pid: expect.any(Number), healthy: true });
    const { body: one } = await stats('?top=1').expect(200);
    expect((one as { topTenants: object[] }).topTenants).toMatchObject([{ tenantId: 'globex' }]);
  });

  it.each(['?top=0', '?top=101', '?top=many', '?bottom=1'])('refuses %s', async (query) => {
    expect(problemOf(await stats(query).expect(400))).toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it.each(['acme-dev-key', 'admin-dev-kez', 'a'])('is not for who has the key %s', async (key) => {
    expect(problemOf(await stats('', key).expect(401))).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('is not for who has none', async () => {
    expect((await backend.get('/v1/runtime/stats')).status).toBe(401);
  });

  it('lets nobody run scripts with the admin key', async () => {
    const request = backend.post('/v1/executions').set('Authorization', 'Bearer admin-dev-key').send({ script: '1' });
    expect((await request).status).toBe(401);
  });
});

describe('Routes of operators, in production without ADMIN_KEY', () => {
  it('are not there', async () => {
    setEnvironment({ NODE_ENV: 'production', TENANT_KEYS: 'acme:a-key-of-acme' });
    const backend = await startBackend();
    try {
      const response = await backend.get('/v1/runtime/stats').set('Authorization', 'Bearer admin-dev-key').expect(404);
      expect(problemOf(response)).toMatchObject({ code: 'NOT_FOUND' });
    } finally {
      await backend.close();
      setEnvironment({ NODE_ENV: 'test', TENANT_KEYS: undefined });
    }
  });
});

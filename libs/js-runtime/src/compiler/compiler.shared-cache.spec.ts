import { isRedisLeftOut, LEFT_OUT } from '../../test-support/find-redis-server.ts';
import { RedisServer } from '../../test-support/redis-server.ts';
import { startRuntime, until, type TestRuntime } from '../../test-support/start-runtime.ts';
import type { JsRuntimeOptions } from '../config/options.schema.ts';
import { artifactName } from './cache/artifact-name.ts';
import { ArtifactSeal } from './cache/artifact-seal.ts';
import { encodeArtifact } from './cache/artifact-codec.ts';

const withRedis = isRedisLeftOut() ? describe.skip : describe;

const SECRET = 'a secret of the tests, long enough';
const SOURCE = 'const answer = (n) => n * 7;\nanswer(input)';
const FORGED = '"forged"';

withRedis(`Executions with a cache in Redis${LEFT_OUT}`, () => {
  let redis: RedisServer;
  const runtimes: TestRuntime[] = [];

  beforeEach(async () => {
    redis = await RedisServer.start();
  });
  afterEach(async () => {
    await Promise.all(runtimes.splice(0).map(async (runtime) => runtime.close()));
    await redis.stop();
  });

  /** One application of several that share. */
  async function startInstance(options: JsRuntimeOptions = {}): Promise<TestRuntime> {
    const runtime = await startRuntime({
      poolSize: 1,
      cacheRedisUrl: redis.url,
      cacheSecret: SECRET,
      cacheRedisTimeoutMs: 5000,
      ...options,
    });
    runtimes.push(runtime);
    await until(() => runtime.compiler.stats().shared.state === 'up');
    return runtime;
  }

  /** Runs a script in one instance, and waits until Redis has what came of compiling it. */
  async function share(runtime: TestRuntime, tenantId = 'acme'): Promise<string> {
    const compiled = await runtime.tenancy.runAs({ tenant: { id: tenantId } }, async () =>
      runtime.compiler.compile('script.js', SOURCE),
    );
    const name = artifactName(tenantId, compiled.id);
    while ((await redis.run('EXISTS', name)) !== 1) await new Promise((resolve) => setImmediate(resolve));
    return name;
  }

  it('are compiled by one instance, for all', async () => {
    const [one, other] = [await startInstance(), await startInstance()];
    await share(one);
    await expect(other.run(SOURCE, { input: 6 })).resolves.toMatchObject({ value: 42, usage: { compile: 'hit' } });
    expect(other.compiler.stats()).toMatchObject({ hits: 1, misses: 0, entries: 1, shared: { hits: 1 } });
    expect(other.compiler.stats().compileMsSaved).toBeGreaterThan(0);
  });

  it('never share an artifact between tenants, though their sources are the same', async () => {
    const [one, other] = [await startInstance(), await startInstance()];
    const names = [await share(one), await share(one, 'globex')];
    expect(new Set(names).size).toBe(2);
    expect(one.compiler.stats()).toMatchObject({ hits: 0, misses: 2, entries: 2 });
    await redis.run('DEL', names[1] ?? '');
    // Only acme's is there now.
    await expect(other.runAs('globex', SOURCE, { input: 6 })).resolves.toMatchObject({
      value: 42,
      usage: { compile: 'miss' },
    });
  });

  it.each<[string, (sealed: string, name: string) => string]>([
    ['one byte changed', (sealed) => `${sealed.slice(0, 100)}${sealed[100] === 'A' ? 'B' : 'A'}${sealed.slice(101)}`],
    ['its end cut off', (sealed) => sealed.slice(0, -8)],
    ['another seal', (_, name) => seal('another secret, as long as the other', name)],
    ['the seal of another name', (_, name) => seal(SECRET, name.replace('acme', 'globex'))],
    ['no seal', () => Buffer.from(encodeArtifact(forged()) ?? '').toString('base64')],
  ])('never run an entry with %s: it is compiled anew, and gone', async (_, tamper) => {
    const [one, other] = [await startInstance(), await startInstance()];
    const name = await share(one);
    await redis.run('SET', name, tamper(String(await redis.run('GET', name)), name));
    const before = await redis.run('GET', name);
    await expect(other.run(SOURCE, { input: 6 })).resolves.toMatchObject({ value: 42, usage: { compile: 'miss' } });
    expect(other.compiler.stats().shared).toMatchObject({ hits: 0, misses: 1, rejections: 1 });
    while ((await redis.run('GET', name)) === before) await new Promise((resolve) => setImmediate(resolve));
  });

  it('would run an entry with our seal: that is what keeps others out', async () => {
    const [one, other] = [await startInstance(), await startInstance()];
    const name = await share(one);
    await redis.run('SET', name, seal(SECRET, name));
    await expect(other.run(SOURCE, { input: 6 })).resolves.toMatchObject({ value: 'forged' });
  });

  it('are none of them lost when Redis ends, hangs or is full in the middle of the load', async () => {
    const runtime = await startInstance({ poolSize: 2, tenantConcurrency: 4, cacheRedisTimeoutMs: 20 });
    const faults: Partial<Record<number, () => Promise<unknown>>> = {
      40: async () => redis.pause(),
      80: async () => redis.kill(),
      120: async () => redis.restart(),
      160: async () => redis.run('CONFIG', 'SET', 'maxmemory', '1'),
    };
    let next = 0;
    const client = async (): Promise<void> => {
      for (let index = next++; index < 200; index = next++) {
        await faults[index]?.();
        const run = runtime.runAs(`tenant-${index % 3}`, `/* ${index} */ input + 1`, { input: index });
        await expect(run).resolves.toMatchObject({ value: index + 1 });
      }
    };
    await Promise.all(Array.from({ length: 4 }, client));
    expect(runtime.executions.metrics()).toMatchObject({ executionsTotal: 200, executionErrors: 0 });
    const { timeouts, errors, skipped } = runtime.compiler.stats().shared;
    expect(timeouts + errors + skipped).toBeGreaterThan(0);
  });
});

function forged(): Parameters<typeof encodeArtifact>[0] {
  return { codeCache: undefined, javascript: FORGED, imports: [], compileMs: 1 };
}

function seal(secret: string, name: string): string {
  return new ArtifactSeal(secret).seal(name, encodeArtifact(forged()) ?? Buffer.alloc(0)).toString('base64');
}

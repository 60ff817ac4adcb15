import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { Logger } from '@nestjs/common';
import { isRedisLeftOut, LEFT_OUT } from '../../../test-support/find-redis-server.ts';
import { RedisServer } from '../../../test-support/redis-server.ts';
import { until } from '../../../test-support/start-runtime.ts';
import { compileOptions } from '../../config/compile-options.ts';
import type { JsRuntimeOptions } from '../../config/options.schema.ts';
import { ArtifactCache } from './artifact-cache.ts';
import { artifactName } from './artifact-name.ts';
import { ArtifactSeal } from './artifact-seal.ts';
import type { Artifact } from './artifact.ts';
import { SharedArtifacts, type SharedCacheStats } from './shared-artifacts.ts';

const withRedis = isRedisLeftOut() ? describe.skip : describe;

const SECRET = 'a secret of the tests, long enough';
/** So long that an answer always comes in time. */
const PATIENT_MS = 20_000;

const ARTIFACT: Artifact = {
  codeCache: Uint8Array.from({ length: 300 }, (_, index) => index),
  javascript: 'export default "ä🎉";',
  imports: ['./tax.js', './b.js'],
  compileMs: 1.5,
};

interface Instance {
  readonly cache: ArtifactCache;
  readonly shared: SharedArtifacts;
  readonly stats: () => SharedCacheStats;
}

const instances: Instance[] = [];
const servers: RedisServer[] = [];
const lines: string[] = [];
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): number => unhandled.push(reason);

/** One application of several that share. */
function instanceOf(url: string, options: JsRuntimeOptions = {}): Instance {
  const compiled = compileOptions({
    cacheRedisUrl: url,
    cacheSecret: SECRET,
    cacheRedisTimeoutMs: PATIENT_MS,
    ...options,
  });
  const shared = new SharedArtifacts(compiled);
  const instance = { cache: new ArtifactCache(compiled, shared), shared, stats: () => shared.stats() };
  instances.push(instance);
  shared.onModuleInit();
  return instance;
}

async function connected(url: string, options?: JsRuntimeOptions): Promise<Instance> {
  const instance = instanceOf(url, options);
  await until(() => instance.stats().state === 'up');
  return instance;
}

async function startRedis(...settings: string[]): Promise<RedisServer> {
  const server = await RedisServer.start(...settings);
  servers.push(server);
  return server;
}

async function has(server: RedisServer, name: string): Promise<boolean> {
  return (await server.run('EXISTS', name)) === 1;
}

/** Waits for what is written in the background; another connection has to ask. */
async function untilRedis(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition()));
}

function useInstances(): void {
  beforeEach(() => {
    lines.length = unhandled.length = 0;
    const write = (...parts: unknown[]): number => lines.push(parts.join(' '));
    Logger.overrideLogger({ log: write, warn: write, error: write, fatal: write, debug: write, verbose: write });
    process.on('unhandledRejection', onUnhandled);
    process.on('uncaughtException', onUnhandled);
  });

  afterEach(async () => {
    for (const { shared } of instances.splice(0)) await shared.onApplicationShutdown();
    for (const server of servers.splice(0)) await server.stop();
    process.off('unhandledRejection', onUnhandled);
    process.off('uncaughtException', onUnhandled);
    Logger.overrideLogger(false);
    // Whatever a test did, nobody was surprised, and nobody heard the secret.
    expect(unhandled).toEqual([]);
    expect(lines.join('\n')).not.toContain(SECRET);
  });
}

withRedis(`Artifacts shared in Redis${LEFT_OUT}`, () => {
  useInstances();

  it('are found by another instance, which then has them itself', async () => {
    const server = await startRedis();
    const [one, other] = [await connected(server.url), await connected(server.url)];
    await one.cache.set('acme', 'a', ARTIFACT);
    await untilRedis(async () => has(server, artifactName('acme', 'a')));
    await expect(other.cache.get('acme', 'a')).resolves.toEqual({
      ...ARTIFACT,
      codeCache: Buffer.from(ARTIFACT.codeCache ?? []),
    });
    await expect(other.cache.get('acme', 'a')).resolves.toEqual(ARTIFACT);
    await expect(other.cache.get('acme', 'b')).resolves.toBeUndefined();
    await expect(other.cache.get('globex', 'a')).resolves.toBeUndefined();
    expect(other.cache.stats()).toMatchObject({
      entries: 1,
      shared: { state: 'up', hits: 1, misses: 2, rejections: 0, errors: 0, timeouts: 0, skipped: 0 },
    });
  });

  it('are kept for as long as the options say', async () => {
    const server = await startRedis();
    const one = await connected(server.url, { cacheRedisTtlMs: 60_000 });
    const name = artifactName('acme', 'a');
    await one.cache.set('acme', 'a', ARTIFACT);
    await untilRedis(async () => has(server, name));
    const ttlMs = Number(await server.run('PTTL', name));
    expect(ttlMs).toBeGreaterThan(0);
    expect(ttlMs).toBeLessThanOrEqual(60_000);
  });

  it('may be large, but not too large', async () => {
    const server = await startRedis();
    const [one, other] = [await connected(server.url), await connected(server.url)];
    const codeCache = new Uint8Array(7 * 1024 * 1024).fill(7);
    await one.cache.set('acme', 'large', { ...ARTIFACT, codeCache });
    await one.cache.set('acme', 'too large', { ...ARTIFACT, codeCache: new Uint8Array(9 * 1024 * 1024) });
    await untilRedis(async () => has(server, artifactName('acme', 'large')));
    const found = await other.cache.get('acme', 'large');
    expect(Buffer.compare(found?.codeCache ?? Buffer.alloc(0), codeCache)).toBe(0);
    await expect(other.cache.get('acme', 'too large')).resolves.toBeUndefined();
    expect(one.stats().skipped).toBe(1);
  });

  it('are deleted when V8 refuses their code', async () => {
    const server = await startRedis();
    const one = await connected(server.url);
    const name = artifactName('acme', 'a');
    await one.cache.set('acme', 'a', ARTIFACT);
    await untilRedis(async () => has(server, name));
    await one.cache.reject('acme', 'a');
    await untilRedis(async () => !(await has(server, name)));
    expect(one.cache.stats()).toMatchObject({ entries: 0, rejections: 1, shared: { rejections: 0 } });
  });

  describe('that are not what they should be', () => {
    const name = artifactName('acme', 'a');

    /** An instance that finds, under the name of an artifact, what `change` made of it. */
    async function finds(change: (value: string, server: RedisServer) => string | Promise<string>): Promise<{
      server: RedisServer;
      reader: Instance;
    }> {
      const server = await startRedis();
      const writer = await connected(server.url);
      await writer.cache.set('acme', 'a', ARTIFACT);
      await untilRedis(async () => has(server, name));
      const value = String(await server.run('GET', name));
      await server.run('SET', name, await change(value, server));
      return { server, reader: await connected(server.url) };
    }

    /** Another artifact's value, as its own writer wrote it. */
    async function valueOf(
      server: RedisServer,
      tenantId: string,
      key: string,
      options?: JsRuntimeOptions,
    ): Promise<string> {
      const writer = await connected(server.url, options);
      const other = artifactName(tenantId, key);
      // `a` of acme is there already.
      await server.run('DEL', other);
      await writer.cache.set(tenantId, key, ARTIFACT);
      await untilRedis(async () => has(server, other));
      return String(await server.run('GET', other));
    }

    function withByte(value: string, at: number): string {
      const bytes = Buffer.from(value, 'base64');
      const index = at < 0 ? bytes.byteLength + at : at;
      bytes[index] = (bytes[index] ?? 0) ^ 1;
      return bytes.toString('base64');
    }

    it.each<[string, (value: string, server: RedisServer) => string | Promise<string>]>([
      ['a byte of the seal changed', (value) => withByte(value, 0)],
      ['a byte of the header changed', (value) => withByte(value, 40)],
      ['a byte of the code changed', (value) => withByte(value, -1)],
      ['the end missing', (value) => value.slice(0, -8)],
      ['something appended', (value) => `${Buffer.from(value, 'base64').toString('base64').replace(/=+$/, '')}AAAA`],
      ['only a seal', (value) => Buffer.from(value, 'base64').subarray(0, 32).toString('base64')],
      ['garbage', () => '{"value":"garbage","expires":null}'],
      ['no base64', () => '\u{1F389}'.repeat(100)],
      ['more than is ever taken', () => 'A'.repeat(13 * 1024 * 1024)],
      ['the value of another key', async (_, server) => valueOf(server, 'acme', 'b')],
      ['the value of another tenant', async (_, server) => valueOf(server, 'globex', 'a')],
      ['another secret', async (_, server) => valueOf(server, 'acme', 'a', { cacheSecret: 'x'.repeat(32) })],
      ['a shape that is not ours', () => new ArtifactSeal(SECRET).seal(name, Buffer.from('{}')).toString('base64')],
    ])('are not found, but counted, reported and deleted: with %s', async (_, change) => {
      const { server, reader } = await finds(change);
      await expect(reader.cache.get('acme', 'a')).resolves.toBeUndefined();
      expect(reader.stats()).toMatchObject({ state: 'up', hits: 0, misses: 1, rejections: 1, errors: 0 });
      expect(lines.filter((line) => line.includes('1 entries in Redis were not sealed'))).toHaveLength(1);
      await untilRedis(async () => !(await has(server, name)));
    });

    it('are found when nothing was changed', async () => {
      const { reader } = await finds((value) => value);
      await expect(reader.cache.get('acme', 'a')).resolves.toMatchObject({ javascript: ARTIFACT.javascript });
    });

    it('are an error of Redis when they are no value at all', async () => {
      const server = await startRedis();
      await server.run('LPUSH', name, 'no string');
      const reader = await connected(server.url);
      await expect(reader.cache.get('acme', 'a')).resolves.toBeUndefined();
      expect(reader.stats()).toMatchObject({ misses: 0, rejections: 0, errors: 1 });
    });

    it('are not parsed before their seal is known to be ours', async () => {
      const { reader } = await finds((value) => withByte(value, -1));
      const parse = import.meta.jest.spyOn(JSON, 'parse');
      await reader.cache.get('acme', 'a');
      expect(parse).not.toHaveBeenCalled();
      parse.mockRestore();
    });

    it('are reported once in a while, not each', async () => {
      const server = await startRedis();
      const reader = await connected(server.url);
      for (const key of ['a', 'b', 'c', 'd']) {
        await server.run('SET', artifactName('acme', key), 'garbage');
        await reader.cache.get('acme', key);
      }
      expect(reader.stats().rejections).toBe(4);
      expect(lines.filter((line) => line.includes('were not sealed'))).toHaveLength(1);
    });
  });

  describe('when Redis', () => {
    it('is not there yet: nothing waits, and they are shared once it is', async () => {
      const server = await startRedis();
      await server.kill();
      const one = instanceOf(server.url);
      await expect(one.cache.get('acme', 'a')).resolves.toBeUndefined();
      await one.cache.set('acme', 'a', ARTIFACT);
      await expect(one.cache.get('acme', 'a')).resolves.toEqual(ARTIFACT);
      expect(one.stats()).toMatchObject({ skipped: 2, hits: 0, misses: 0, timeouts: 0 });
      await until(() => one.stats().state === 'down' && one.stats().errors > 1);
      await server.restart();
      await until(() => one.stats().state === 'up');
      await one.cache.set('acme', 'b', ARTIFACT);
      await untilRedis(async () => has(server, artifactName('acme', 'b')));
      // However often it was tried.
      expect(lines).toHaveLength(2);
      expect(lines[0]).toContain('Redis cannot be used, which costs compilations: connect ECONNREFUSED');
      expect(lines[1]).toContain('Redis is connected');
    });

    it('ends in the middle: what is asked is a miss at once, until it is back', async () => {
      const server = await startRedis();
      const one = await connected(server.url);
      await server.pause();
      const asked = one.cache.get('acme', 'a');
      await server.kill();
      await expect(asked).resolves.toBeUndefined();
      await until(() => one.stats().state === 'down');
      await expect(one.cache.get('acme', 'a')).resolves.toBeUndefined();
      expect(one.stats()).toMatchObject({ timeouts: 0, skipped: 1, hits: 0 });
      await server.restart();
      await until(() => one.stats().state === 'up');
      const other = await connected(server.url);
      await other.cache.set('acme', 'a', ARTIFACT);
      await untilRedis(async () => has(server, artifactName('acme', 'a')));
      await expect(one.cache.get('acme', 'a')).resolves.toBeDefined();
      expect(one.stats().hits).toBe(1);
    });

    it('hangs: some wait for their time limit, then none does, until it answers again', async () => {
      const server = await startRedis();
      const one = await connected(server.url, { cacheRedisTimeoutMs: 100 });
      await one.cache.set('acme', 'a', ARTIFACT);
      await untilRedis(async () => has(server, artifactName('acme', 'a')));
      const other = await connected(server.url, { cacheRedisTimeoutMs: 100 });
      await server.pause();
      for (let turn = 0; turn < 20; turn++) await expect(other.cache.get('acme', 'a')).resolves.toBeUndefined();
      expect(other.stats()).toMatchObject({ state: 'down', timeouts: 5, skipped: 15 });
      expect(lines.at(-1)).toContain('no answer within 100 ms');
      server.resume();
      // An answer may also come too late for so short a limit when nothing hangs.
      do await until(() => other.stats().state === 'up');
      while ((await other.cache.get('acme', 'a')) === undefined);
    });

    it('hangs while it is connected to: it is not taken for one that works', async () => {
      const server = await startRedis();
      await server.pause();
      const one = instanceOf(server.url, { cacheRedisTimeoutMs: 20 });
      await until(() => one.stats().state === 'down');
      expect(one.stats().timeouts).toBe(0);
      server.resume();
      await until(() => one.stats().state === 'up');
    });

    it('hangs: what is written meanwhile is bounded', async () => {
      const server = await startRedis();
      const one = await connected(server.url);
      await server.pause();
      for (let index = 0; index < 100; index++) await one.cache.set('acme', `key ${index}`, ARTIFACT);
      expect(one.stats().skipped).toBe(36);
      const other = await startAndPause();
      const codeCache = new Uint8Array(7 * 1024 * 1024);
      for (let index = 0; index < 10; index++)
        await other.cache.set('acme', `key ${index}`, { ...ARTIFACT, codeCache });
      // 7 MiB are more in base64, so the fourth fills it.
      expect(other.stats().skipped).toBe(6);

      async function startAndPause(): Promise<Instance> {
        server.resume();
        const instance = await connected(server.url);
        await server.pause();
        return instance;
      }
    });

    it('is full: what is there is still found, and writing pauses', async () => {
      const server = await startRedis('--maxmemory', '2mb', '--maxmemory-policy', 'noeviction');
      const [one, other] = [await connected(server.url), await connected(server.url)];
      await one.cache.set('acme', 'a', ARTIFACT);
      await untilRedis(async () => has(server, artifactName('acme', 'a')));
      await server.run('CONFIG', 'SET', 'maxmemory', '1');
      for (let errors = 1; errors <= 3; errors++) {
        await one.cache.set('acme', 'b', ARTIFACT);
        await until(() => one.stats().errors === errors);
      }
      await one.cache.set('acme', 'b', ARTIFACT);
      expect(one.stats()).toMatchObject({ state: 'up', errors: 3, skipped: 1 });
      expect(lines.filter((line) => line.includes('Redis refuses entries: OOM'))).toHaveLength(1);
      await expect(other.cache.get('acme', 'a')).resolves.toBeDefined();
      await server.run('CONFIG', 'SET', 'maxmemory', '0');
      await until(() => {
        void one.cache.set('acme', 'b', ARTIFACT);
        return lines.some((line) => line.includes('Redis takes entries again'));
      });
      await untilRedis(async () => has(server, artifactName('acme', 'b')));
    });

    it('wants a password that we lack', async () => {
      const server = await startRedis('--requirepass', 'the password');
      const one = instanceOf(server.url);
      await until(() => one.stats().state === 'down');
      await expect(one.cache.get('acme', 'a')).resolves.toBeUndefined();
      expect(lines).toEqual([expect.stringContaining('NOAUTH')]);
    });

    it('wants another password, and is not told ours in the log', async () => {
      const server = await startRedis('--requirepass', 'the password');
      const one = instanceOf(`redis://:hush-hush@127.0.0.1:${server.port}`);
      await until(() => one.stats().state === 'down');
      await expect(one.cache.get('acme', 'a')).resolves.toBeUndefined();
      expect(lines).toEqual([expect.stringContaining('WRONGPASS')]);
      expect(lines[0]).not.toContain('hush');
    });

    it('lets us do what we need and nothing else', async () => {
      const server = await startRedis();
      const rights = ['~js-runtime:artifact:*', '+getrange', '+set', '+unlink', '+select'];
      await server.run('ACL', 'SETUSER', 'runtime', 'on', '>p@ss', ...rights);
      const url = `redis://runtime:p%40ss@127.0.0.1:${server.port}/1`;
      const [one, other] = [await connected(url), await connected(url)];
      await one.cache.set('acme', 'a', ARTIFACT);
      await untilRedis(async () => String(await server.run('INFO', 'keyspace')).includes('db1:keys=1'));
      await expect(other.cache.get('acme', 'a')).resolves.toBeDefined();
      await one.cache.reject('acme', 'a');
      await untilRedis(async () => !String(await server.run('INFO', 'keyspace')).includes('db1'));
      expect(one.stats().errors).toBe(0);
    });

    it('answers something else than Redis does', async () => {
      const server = createServer((socket) =>
        socket.on('error', () => undefined).write('HTTP/1.1 400 Bad Request\r\n\r\n'),
      );
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const one = instanceOf(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`);
      await until(() => one.stats().state === 'down');
      await expect(one.cache.get('acme', 'a')).resolves.toBeUndefined();
      server.close();
    });
  });

  describe('at the end of the application', () => {
    it('are written first, if they are under way', async () => {
      const server = await startRedis();
      const one = await connected(server.url);
      await one.cache.set('acme', 'a', ARTIFACT);
      await one.shared.onApplicationShutdown();
      await expect(has(server, artifactName('acme', 'a'))).resolves.toBe(true);
    });

    it('do not hold it up when Redis hangs; who still asks finds nothing', async () => {
      const server = await startRedis();
      const one = await connected(server.url);
      await server.pause();
      await one.cache.set('acme', 'a', ARTIFACT);
      const asked = one.cache.get('acme', 'b');
      await one.shared.onApplicationShutdown();
      await expect(asked).resolves.toBeUndefined();
      await expect(one.cache.get('acme', 'b')).resolves.toBeUndefined();
      expect(one.stats()).toMatchObject({ state: 'off', timeouts: 0 });
    });

    it('leave no connection, also when it was just being made', async () => {
      const sockets: Socket[] = [];
      const server = createServer((socket) => sockets.push(socket.resume()));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const url = `redis://:word@127.0.0.1:${(server.address() as AddressInfo).port}`;
      const [early, late] = [instanceOf(url), instanceOf(url)];
      await early.shared.onApplicationShutdown();
      await until(() => sockets.length === 1);
      await late.shared.onApplicationShutdown();
      // It says that the last one has gone.
      server.close();
      await once(server, 'close');
      expect(late.stats().state).toBe('off');
      expect(lines).toEqual([]);
    });
  });
});

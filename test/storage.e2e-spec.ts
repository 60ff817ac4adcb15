import { isRedisLeftOut, LEFT_OUT } from '../libs/js-runtime/test-support/find-redis-server.ts';
import { freePort, RedisServer } from '../libs/js-runtime/test-support/redis-server.ts';
import { ModuleStore } from '../src/saved-modules/module-store.ts';
import { redisStorage } from '../src/storage/redis-storage.ts';
import type { Storage } from '../src/storage/storage.ts';
import { problemOf, startBackend } from './support/backend.ts';
import { BackendProcess, endAllBackends } from './support/backend-process.ts';

const withRedis = isRedisLeftOut() ? describe.skip : describe;

withRedis(`Storage in Redis${LEFT_OUT}`, () => {
  let redis: RedisServer;
  let log: string[];
  let onLog: (() => void) | undefined;
  const open: Storage[] = [];
  const logger = {
    error: (line: string) => {
      logged(`error: ${line}`);
    },
    log: (line: string) => {
      logged(`log: ${line}`);
    },
  };
  const logged = (line: string): void => {
    log.push(line);
    onLog?.();
  };

  beforeEach(async () => {
    log = [];
    redis = await RedisServer.start();
  });
  afterEach(async () => {
    for (const storage of open.splice(0)) storage.onApplicationShutdown();
    await redis.stop();
  });

  const connect = (url = redis.url): Storage => {
    const storage = redisStorage(url, logger);
    open.push(storage);
    return storage;
  };
  /** Asks until it answers: it connects by itself. */
  const connected = async (storage: Storage): Promise<Storage> => {
    for (;;) {
      const isThere = await storage.get(['any']).then(
        () => true,
        () => false,
      );
      if (isThere) return storage;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  it('is shared, and stays when a backend ends', async () => {
    const first = new ModuleStore(await connected(connect()));
    const module = {
      name: 'tax.js',
      language: 'javascript',
      source: '// \u2028 ü \ud800',
      sourceHash: 'abc',
      sourceBytes: 9,
      updatedAt: '2026-01-01T00:00:00.000Z',
    } as const;
    expect(await first.save('acme', module)).toBe(true);
    open.pop()?.onApplicationShutdown();
    const second = new ModuleStore(await connected(connect()));
    expect(await second.find('acme', 'tax.js')).toEqual(module);
    expect(await second.find('globex', 'tax.js')).toBeUndefined();
    expect(await second.save('acme', module)).toBe(false);
    expect(await second.delete('acme', 'tax.js')).toBe(true);
    expect(await second.delete('acme', 'tax.js')).toBe(false);
    expect(await second.list('acme')).toEqual([]);
    expect(log).toEqual([]);
  });

  it('refuses at once while Redis is away, says so once, and is back by itself', async () => {
    const storage = await connected(connect());
    const away = new Promise<void>((resolve) => (onLog = resolve));
    await redis.kill();
    await away;
    // Of the client, which does not even try; not of the time that an answer may take.
    const refused = { code: 'STORAGE_UNAVAILABLE', cause: new Error('The client is offline') };
    for (let turn = 0; turn < 3; turn++) {
      await expect(storage.get(['a'])).rejects.toMatchObject(refused);
      await expect(storage.set(['a'], 1)).rejects.toMatchObject(refused);
      await expect(storage.delete(['a'])).rejects.toMatchObject(refused);
    }
    await redis.restart();
    await connected(storage);
    await storage.set(['a'], 1);
    expect(log).toEqual([
      expect.stringMatching(/^error: Redis cannot be reached: /),
      'log: Redis can be reached again',
    ]);
  });

  it('gives up on a Redis that does not answer', async () => {
    const storage = await connected(connect());
    await redis.pause();
    await expect(storage.get(['a'])).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      cause: new Error('No answer after 2000 ms'),
    });
    redis.resume();
    await connected(storage);
  });

  it('never logs the password', async () => {
    const logs = new Promise<void>((resolve) => (onLog = resolve));
    connect(`redis://user:hunter2@127.0.0.1:${redis.port}`);
    await logs;
    expect(log.join()).toContain('Redis cannot be reached');
    expect(log.join()).not.toContain('hunter2');
  });
});

describe('A backend whose Redis is away', () => {
  afterEach(endAllBackends);

  it('starts, runs scripts that import nothing, and says that saved modules are unavailable', async () => {
    const STORAGE_URL = `redis://127.0.0.1:${await freePort()}`;
    const backend = await BackendProcess.start({ STORAGE_URL });
    const headers = { Authorization: 'Bearer acme-dev-key' };
    for (const [method, path] of [
      ['GET', '/v1/modules'],
      ['GET', '/v1/modules/a.js'],
      ['DELETE', '/v1/modules/a.js'],
    ] as const) {
      const response = await fetch(`${backend.url}${path}`, { method, headers });
      expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(response.headers.get('retry-after')).toBe('1');
      expect(await response.json()).toEqual({
        type: 'about:blank',
        title: 'Storage unavailable',
        status: 503,
        code: 'STORAGE_UNAVAILABLE',
        detail: 'What is saved cannot be reached now',
        retryable: true,
      });
    }
    expect((await backend.execute({ script: '1' })).status).toBe(200);
    expect(await backend.end('SIGTERM')).toEqual({ code: 0, signal: null });
  });
});

describe('A backend whose Redis is away, asked by a script', () => {
  it('does not say that there is no such module, nor blames the script', async () => {
    process.env.STORAGE_URL = `redis://127.0.0.1:${await freePort()}`;
    const backend = await startBackend();
    delete process.env.STORAGE_URL;
    try {
      const response = await backend.execute({ script: 'import "./a.js"', wrap: 'module' }).expect(503);
      expect(problemOf(response)).toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true });
    } finally {
      await backend.close();
    }
  });
});

import fc from 'fast-check';
import { isRedisLeftOut, LEFT_OUT } from '../libs/js-runtime/test-support/find-redis-server.ts';
import { RedisServer } from '../libs/js-runtime/test-support/redis-server.ts';
import type { Excess, Quota, QuotaStorage } from '../src/storage/quota-storage.ts';
import { redisStorage } from '../src/storage/redis-storage.ts';
import type { Storage } from '../src/storage/storage.ts';
import { anyStep, QUOTA, QuotaModel, takeStep } from './support/quota-walk.ts';

const withRedis = isRedisLeftOut() ? describe.skip : describe;

withRedis(`QuotaStorage in Redis${LEFT_OUT}`, () => {
  const owner = ['kv', 'acme'];
  const { signal } = new AbortController();
  const opened: Storage[] = [];
  let redis: RedisServer;
  /** Two backends. */
  let storages: readonly [QuotaStorage, QuotaStorage];
  let storage: QuotaStorage;

  const open = async (): Promise<QuotaStorage> => {
    const logger = { error: () => undefined, log: () => undefined };
    const connection = redisStorage(redis.url, logger);
    opened.push(connection);
    // It connects by itself.
    while (!(await isThere(connection))) await new Promise((resolve) => setImmediate(resolve));
    return connection.underQuota;
  };
  const isThere = async (connection: Storage): Promise<boolean> =>
    connection.get(['any']).then(
      () => true,
      () => false,
    );

  beforeAll(async () => {
    redis = await RedisServer.start();
    storages = [await open(), await open()];
    [storage] = storages;
  });
  beforeEach(() => redis.run('FLUSHALL'));
  afterAll(async () => {
    for (const connection of opened) connection.onApplicationShutdown();
    await redis.stop();
  });

  const set = async (key: string, bytes = 1, ttlMs?: number, quota: Quota = QUOTA): Promise<Excess | undefined> =>
    storage.set(owner, { key, text: `text of ${key}`, bytes, ttlMs }, quota, signal);
  const keys = async (from = storage): Promise<readonly string[]> =>
    from.list(owner, { prefix: '', after: undefined, limit: 1000 });
  const redisNowMs = async (): Promise<number> => {
    const [seconds, micros] = (await redis.run('TIME')) as [string, string];
    return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  };
  /** Until the clock of Redis has gone on so far. */
  const pass = async (ms: number): Promise<void> => {
    const end = (await redisNowMs()) + ms;
    while ((await redisNowMs()) <= end);
  };
  const memoryOf = async (): Promise<unknown> => ((await redis.run('KEYS', '*')) as string[]).sort();

  it('answers as the model, to two backends in turn, whatever happens', async () => {
    // For good, for longer than this takes, or for so short that it is over when time passes next.
    const anyTtlMs = fc.constantFrom(undefined, 3_600_000);
    const steps = fc.array(
      fc.tuple(
        fc.nat({ max: 1 }),
        fc.oneof({ weight: 9, arbitrary: anyStep(anyTtlMs, fc.constant(0)) }, anyStep(fc.constant(1), fc.constant(0))),
      ),
      { minLength: 10, maxLength: 40, size: 'max' },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (walk) => {
        await redis.run('FLUSHALL');
        const model = new QuotaModel();
        for (const [via, step] of walk) {
          const answer = await takeStep(storages[via] ?? storage, owner, step, pass);
          expect(answer).toEqual(model.take(step));
          if (step.kind !== 'set' || step.ttlMs !== 1) continue;
          await pass(1);
          model.nowMs += 2;
        }
      }),
      { numRuns: 60 },
    );
  });

  it('loses nothing and miscounts nothing when two backends write for one owner at once', async () => {
    const quota = { maxKeys: 50, maxBytes: 200 };
    const outcomes = await Promise.all(
      Array.from({ length: 400 }, async (_, index) => {
        const via = storages[index % 2] ?? storage;
        const key = `k${index % 80}`;
        if (index % 7 === 0) return via.delete(owner, key, signal);
        return via.set(owner, { key, text: `text of ${key}`, bytes: index % 9, ttlMs: undefined }, quota, signal);
      }),
    );
    expect(outcomes).toContainEqual(expect.objectContaining({ name: 'maxKeys' }));
    const listed = await keys();
    expect(await keys(storages[1])).toEqual(listed);
    for (let index = 0; index < 80; index++) {
      const text = await storage.get(owner, `k${index}`);
      expect(text).toBe(listed.includes(`k${index}`) ? `text of k${index}` : undefined);
    }
    // What is counted is what is there: it is all free again.
    for (const key of listed) expect(await storage.delete(owner, key, signal)).toBe(true);
    expect(await set('all', 200, undefined, quota)).toBeUndefined();
    expect(await storage.delete(owner, 'all', signal)).toBe(true);
    expect(await memoryOf()).toEqual([]);
  });

  it('lets Redis let go of a value whose time is over, and frees its quota', async () => {
    await set('brief', 100, 1);
    await pass(1);
    expect(await storage.get(owner, 'brief')).toBeUndefined();
    expect(await keys()).toEqual([]);
    expect(await memoryOf()).toEqual([]);
    await set('brief', 100, 1);
    await pass(1);
    expect(await storage.delete(owner, 'brief', signal)).toBe(false);
    await set('brief', 100, 1);
    await pass(1);
    expect(await set('a', 100)).toBeUndefined();
    expect(await keys()).toEqual(['a']);
  });

  it('frees the quota of however many are over, a part at a time', async () => {
    const quota = { maxKeys: 1200, maxBytes: 1e6 };
    const prefix = 'js-runtime:saved:1::["kv","acme"';
    // As if time had passed: to fill the quota takes longer than its keys may be there on a slow machine.
    const endAll = `for _, name in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
      redis.call('ZADD', KEYS[1], 1, name)
      redis.call('UNLINK', KEYS[2] .. name)
    end`;
    const fill = async (): Promise<void> => {
      for (let index = 0; index < 1200; index++) {
        expect(await set(`k${index}`, 7, 3_600_000, quota)).toBeUndefined();
      }
      expect(await set('new', 7, undefined, quota)).toEqual({ name: 'maxKeys', used: 1201 });
      await redis.run('EVAL', endAll, '2', `${prefix},"expiring"]`, `${prefix}]`);
    };
    await fill();
    expect(await set('new', 7, undefined, quota)).toBeUndefined();
    expect(await keys()).toEqual(['new']);
    expect(await storage.delete(owner, 'new', signal)).toBe(true);
    expect(await memoryOf()).toEqual([]);
    await fill();
    expect(await keys()).toEqual([]);
    expect(await memoryOf()).toEqual([]);
  });

  it('keeps for good what is set again without a time to live', async () => {
    await set('a', 1, 1);
    await set('a', 1);
    await pass(2);
    await set('b', 1, 3_600_000);
    await set('b', 1, 1);
    await pass(2);
    expect(await keys()).toEqual(['a']);
    expect(await storage.get(owner, 'a')).toBe('text of a');
  });

  it('mixes up no owners, nor a value with what is kept beside it', async () => {
    const owners = [
      ['kv', 'a'],
      ['kv', 'a', 'sizes'],
      ['kv', 'a","b'],
      ['kv', 'a"]'],
      ['kv', '__proto__'],
      ['kv', ''],
    ];
    const name = ',"sizes"]';
    for (const whose of owners) {
      const entry = { key: name, text: whose.join(), bytes: 1, ttlMs: undefined };
      expect(await storage.set(whose, entry, QUOTA, signal)).toBeUndefined();
    }
    for (const whose of owners) {
      expect(await storage.list(whose, { prefix: '', after: undefined, limit: 9 })).toEqual([name]);
      expect(await storage.get(whose, name)).toBe(whose.join());
    }
  });

  it('does not begin for an execution that has ended', async () => {
    const ended = AbortSignal.abort(new Error('over'));
    await set('a');
    const entry = { key: 'b', text: '1', bytes: 1, ttlMs: undefined };
    await expect(storage.set(owner, entry, QUOTA, ended)).rejects.toThrow('over');
    await expect(storage.delete(owner, 'a', ended)).rejects.toThrow('over');
    expect(await keys()).toEqual(['a']);
  });

  it('goes on after Redis has forgotten the scripts', async () => {
    await set('a');
    await redis.run('SCRIPT', 'FLUSH');
    await Promise.all([set('b'), set('c')]);
    expect(await keys()).toEqual(['a', 'b', 'c']);
  });

  it('changes nothing when Redis has no memory left', async () => {
    await set('a');
    await redis.run('CONFIG', 'SET', 'maxmemory', '1');
    try {
      await expect(set('b', 2)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
      expect(await storage.get(owner, 'a')).toBe('text of a');
      expect(await storage.delete(owner, 'a', signal)).toBe(true);
    } finally {
      await redis.run('CONFIG', 'SET', 'maxmemory', '0');
    }
    expect(await keys()).toEqual([]);
    expect(await memoryOf()).toEqual([]);
  });

  it('says so when Redis is away', async () => {
    await redis.kill();
    const refused = { code: 'STORAGE_UNAVAILABLE' };
    await expect(storage.get(owner, 'a')).rejects.toMatchObject(refused);
    await expect(set('a')).rejects.toMatchObject(refused);
    await expect(storage.delete(owner, 'a', signal)).rejects.toMatchObject(refused);
    await expect(keys()).rejects.toMatchObject(refused);
    await redis.restart();
    while (!(await isThere(opened[0] as Storage))) await new Promise((resolve) => setImmediate(resolve));
    expect(await set('a')).toBeUndefined();
  });
});

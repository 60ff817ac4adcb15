import { memoryStorage } from '../../storage/memory-storage.ts';
import { KvStore } from './kv-store.ts';

const { jest } = import.meta;

const { signal } = new AbortController();

describe('KvStore', () => {
  const storeOf = (maxKeys = 10, maxBytes = 200_000): KvStore =>
    new KvStore(memoryStorage(), { kvQuota: { maxKeys, maxBytes } });
  const set = async (store: KvStore, key: string, value: unknown, ttlMs?: number, tenant = 'acme'): Promise<void> =>
    store.set(tenant, key, value, ttlMs, signal);
  const list = async (store: KvStore, query: object = {}, tenant = 'acme'): Promise<unknown> =>
    store.list(tenant, { prefix: '', cursor: undefined, limit: 3, ...query });

  it('keeps a value of each tenant under one key', async () => {
    const store = storeOf();
    await set(store, 'a', 'of acme');
    await set(store, 'a', 'of globex', undefined, 'globex');
    expect(await store.get('acme', 'a')).toBe('of acme');
    expect(await store.get('globex', 'a')).toBe('of globex');
    expect(await store.delete('globex', 'a', signal)).toBe(true);
    expect(await store.get('acme', 'a')).toBe('of acme');
  });

  it('gives back what was set, whatever is done to it before or after', async () => {
    const store = storeOf();
    const text = '{"__proto__":{"b":1},"list":[":base64:aGk=","::",null,1e+308,"\\ud800"],"":0}';
    const value = JSON.parse(text) as { list: unknown[] };
    await set(store, 'a', value);
    value.list.push('later');
    ((await store.get('acme', 'a')) as typeof value).list.length = 0;
    expect(JSON.stringify(await store.get('acme', 'a'))).toBe(text);
  });

  it.each([null, false, 0, '', []])('tells %j from nothing', async (value) => {
    const store = storeOf();
    await set(store, 'a', value);
    expect(await store.get('acme', 'a')).toEqual(value);
    expect(await store.get('acme', 'b')).toBeUndefined();
  });

  it('keeps so many keys, and frees one that is deleted or over', async () => {
    jest.useFakeTimers();
    try {
      const store = storeOf(2);
      await set(store, 'a', 1);
      await set(store, 'b', 1, 10);
      const refused = {
        code: 'QUOTA_EXCEEDED',
        message: 'No more than 2 keys can be kept: delete one first',
        limit: { name: 'maxKeys', allowed: 2, used: 3 },
      };
      await expect(set(store, 'c', 1)).rejects.toMatchObject(refused);
      await set(store, 'a', 2);
      await set(store, 'c', 1, undefined, 'globex');
      jest.setSystemTime(Date.now() + 11);
      expect(await store.get('acme', 'b')).toBeUndefined();
      expect(await store.delete('acme', 'b', signal)).toBe(false);
      await set(store, 'c', 1);
      await expect(set(store, 'd', 1)).rejects.toMatchObject(refused);
      await store.delete('acme', 'a', signal);
      await set(store, 'd', 1);
    } finally {
      jest.useRealTimers();
    }
  });

  it('counts keys and values in UTF-8, and leaves what was there', async () => {
    const store = storeOf(10, 10);
    await set(store, 'ü', 'ü'); // 2, and 4 with its quotes.
    await set(store, 'a', 111); // 1 and 3.
    await expect(set(store, 'a', 1111)).rejects.toMatchObject({
      code: 'QUOTA_EXCEEDED',
      message: 'With this value, keys and values would have 11 bytes; allowed are 10',
      limit: { name: 'maxBytes', allowed: 10, used: 11 },
    });
    expect(await store.get('acme', 'a')).toBe(111);
  });

  it('lets those who have more than they now may make it less', async () => {
    const storage = memoryStorage();
    const before = new KvStore(storage, { kvQuota: { maxKeys: 2, maxBytes: 100 } });
    await set(before, 'a', 'long');
    await set(before, 'b', 'long');
    const now = new KvStore(storage, { kvQuota: { maxKeys: 1, maxBytes: 5 } });
    await set(now, 'a', 1);
    await expect(set(now, 'a', 22)).rejects.toMatchObject({ limit: { name: 'maxBytes', used: 10 } });
    await expect(set(now, 'c', 1)).rejects.toMatchObject({ limit: { name: 'maxKeys', used: 3 } });
  });

  it('keeps a value of 64 KiB, and none that is larger', async () => {
    const store = storeOf();
    await set(store, 'a', 'x'.repeat(65_534));
    await expect(set(store, 'b', 'x'.repeat(65_535))).rejects.toMatchObject({
      code: 'QUOTA_EXCEEDED',
      limit: { name: 'maxValueBytes', allowed: 65_536, used: 65_537 },
    });
  });

  it('lists by prefix, a page at a time, also when keys come and go between pages', async () => {
    const store = storeOf();
    for (const key of ['b', 'a:3', 'a:1', 'a:2', 'a:4', 'a', 'a;']) await set(store, key, 1);
    expect(await list(store, { limit: 10 })).toEqual({ keys: ['a', 'a:1', 'a:2', 'a:3', 'a:4', 'a;', 'b'] });
    const first = { prefix: 'a:', limit: 2 };
    expect(await list(store, first)).toEqual({ keys: ['a:1', 'a:2'], cursor: 'a:2' });
    await store.delete('acme', 'a:2', signal);
    await set(store, 'a:0', 1);
    expect(await list(store, { ...first, cursor: 'a:2' })).toEqual({ keys: ['a:3', 'a:4'] });
    expect(await list(store, { prefix: 'x' })).toEqual({ keys: [] });
    expect(await list(store, { prefix: '' }, 'globex')).toEqual({ keys: [] });
  });
});

import { ScriptApiError, type ScriptCall } from 'nestjs-js-runtime';
import { ProblemError } from '../../problems/problem-error.ts';
import { memoryStorage } from '../../storage/memory-storage.ts';
import { listArguments, setArguments } from './kv-arguments.ts';
import { KvStore } from './kv-store.ts';
import { KvApi } from './kv.api.ts';

const { jest } = import.meta;

describe('KvApi', () => {
  let store: KvStore;
  let api: KvApi;
  beforeEach(() => {
    store = new KvStore(memoryStorage(), { kvQuota: { maxKeys: 3, maxBytes: 1000 } });
    api = new KvApi(store);
  });

  const callOf = (id: string, more: Partial<ScriptCall> = {}): ScriptCall => ({
    tenant: { id },
    context: { tenant: { id } },
    executionId: 'e1',
    signal: new AbortController().signal,
    remainingMs: 1000,
    maxResultBytes: 1000,
    ...more,
  });
  const acme = callOf('acme');

  it('gives each tenant its own value of a key', async () => {
    await api.set(['a', 1], acme);
    await api.set(['a', 2], callOf('globex'));
    expect(await api.get(['a'], acme)).toBe(1);
    expect(await api.get(['a'], callOf('globex'))).toBe(2);
    expect(await api.delete(['a'], callOf('globex'))).toBe(true);
    expect(await api.delete(['a'], callOf('globex'))).toBe(false);
    expect(await api.get(['a'], callOf('globex'))).toBeUndefined();
    expect(await api.get(['a'], acme)).toBe(1);
  });

  it('lists all keys, those with a prefix, or as the options say', async () => {
    for (const key of ['b:1', 'a', 'b:2']) await api.set([key, 1], acme);
    expect(await api.list([], acme)).toEqual({ keys: ['a', 'b:1', 'b:2'] });
    expect(await api.list(['b:'], acme)).toEqual({ keys: ['b:1', 'b:2'] });
    expect(await api.list([{ prefix: 'b:', limit: 1 }], acme)).toEqual({ keys: ['b:1'], cursor: 'b:1' });
    expect(await api.list([{ prefix: 'b:', cursor: 'b:1' }], acme)).toEqual({ keys: ['b:2'] });
    expect(await api.list([], callOf('acme', { maxResultBytes: 40 }))).toEqual({ keys: ['a', 'b:1'], cursor: 'b:1' });
  });

  it('lets the script catch that the quota is used up', async () => {
    for (const key of ['a', 'b', 'c']) await api.set([key, 1], acme);
    const refused = await api.set(['d', 1], acme).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ScriptApiError);
    expect(refused).toMatchObject({
      code: 'QUOTA_EXCEEDED',
      message: 'No more than 3 keys can be kept: delete one first',
      details: { limit: { name: 'maxKeys', allowed: 3, used: 4 } },
    });
  });

  it('lets the script catch that the storage is away, and nothing else', async () => {
    const get = jest.spyOn(store, 'get');
    get.mockRejectedValueOnce(new ProblemError('STORAGE_UNAVAILABLE', 'away'));
    const refused = await api.get(['a'], acme).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ScriptApiError);
    expect(refused).toMatchObject({ code: 'STORAGE_UNAVAILABLE', message: 'away', details: undefined });
    const fault = new Error('password is hunter2');
    get.mockRejectedValueOnce(fault);
    await expect(api.get(['a'], acme)).rejects.toBe(fault);
  });

  it('does not begin to write for an execution that has ended', async () => {
    const late = callOf('acme', { signal: AbortSignal.abort(new Error('over')) });
    await expect(api.set(['a', 1], late)).rejects.toThrow('over');
    expect(await api.get(['a'], acme)).toBeUndefined();
  });
});

describe('Arguments of kv', () => {
  it.each([
    [['a', 1]],
    [['a', null, {}]],
    [['x'.repeat(512), 1, { ttlMs: 1 }]],
    [['\ud800\0__proto__', { ['__proto__']: 1 }]],
  ])('are good to set: %j', (args) => {
    expect(setArguments.safeParse(args)).toEqual({ success: true, data: args });
  });

  it.each([
    [[]],
    [['a']],
    [['', 1]],
    [[1, 1]],
    [['ü'.repeat(257), 1]],
    [['a', 1, { ttlMs: 0 }]],
    [['a', 1, { ttlMs: 1.5 }]],
    [['a', 1, { ttlMs: 1e15 }]],
    [['a', 1, { ttl: 1 }]],
    [['a', 1, { tenant: 'globex' }]],
    [['a', 1, null]],
    [['a', 1, {}, { tenant: { id: 'globex' } }]],
  ])('are not to set: %j', (args) => {
    expect(setArguments.safeParse(args).success).toBe(false);
  });

  it.each([
    [[{ limit: 0 }]],
    [[{ limit: 1001 }]],
    [[{ prefix: 1 }]],
    [['x'.repeat(513)]],
    [[{ tenantId: 'globex' }]],
    [[null]],
  ])('are not to list: %j', (args) => {
    expect(listArguments.safeParse(args).success).toBe(false);
  });
});

import fc from 'fast-check';
import { anyStep, QUOTA, QuotaModel, takeStep } from '../../test/support/quota-walk.ts';
import { memoryStorage } from './memory-storage.ts';
import type { QuotaStorage } from './quota-storage.ts';

const { jest } = import.meta;

const owner = ['kv', 'acme'];
const { signal } = new AbortController();

describe('MemoryQuotaStorage', () => {
  let storage: QuotaStorage;
  beforeEach(() => {
    jest.useFakeTimers();
    storage = memoryStorage().underQuota;
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const set = async (key: string, bytes = 1, ttlMs?: number, whose = owner): Promise<unknown> =>
    storage.set(whose, { key, text: `of ${whose.join()}`, bytes, ttlMs }, QUOTA, signal);
  const keys = async (whose = owner): Promise<readonly string[]> =>
    storage.list(whose, { prefix: '', after: undefined, limit: 100 });

  it('answers as the model, whatever happens', async () => {
    const step = anyStep(fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }), fc.nat({ max: 15 }));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), async (steps) => {
        const walked = memoryStorage().underQuota;
        const model = new QuotaModel();
        const pass = async (ms: number): Promise<void> => {
          jest.setSystemTime(Date.now() + ms);
          return Promise.resolve();
        };
        for (const next of steps) {
          const answer = await takeStep(walked, owner, next, pass);
          model.nowMs = Date.now();
          expect(answer).toEqual(model.take(next));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('keeps no more than the quota, however many come at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, index) => set(`k${index}`)));
    expect(outcomes.filter((excess) => excess === undefined)).toHaveLength(5);
    expect(await keys()).toEqual(['k0', 'k1', 'k2', 'k3', 'k4']);
  });

  it('does what is asked at once in the order of the calls', async () => {
    void set('a');
    void storage.delete(owner, 'a', signal);
    void set('b', 1);
    void set('b', 2);
    expect(await keys()).toEqual(['b']);
    expect(await storage.get(owner, 'a')).toBeUndefined();
  });

  it('forgets however many are over, and keeps no track of what was set again', async () => {
    const quota = { maxKeys: 3000, maxBytes: 1e6 };
    for (let turn = 0; turn < 3; turn++) {
      for (let index = 0; index < 3000; index++) {
        const entry = { key: `k${index}`, text: '1', bytes: 1, ttlMs: 10 + (index % 10) };
        expect(await storage.set(owner, entry, quota, signal)).toBeUndefined();
        if (index % 3 > 0) await storage.set(owner, { ...entry, ttlMs: index % 3 === 1 ? 10 : 1000 }, quota, signal);
      }
      jest.setSystemTime(Date.now() + 20);
      expect(await keys()).toHaveLength(100);
      expect(await storage.list(owner, { prefix: '', after: undefined, limit: 9999 })).toHaveLength(1000);
      jest.setSystemTime(Date.now() + 1000);
      expect(await keys()).toEqual([]);
    }
  });

  it('mixes up no owners', async () => {
    const owners = [
      ['kv', 'a'],
      ['kv', 'a', 'b'],
      ['kv', 'a","b'],
      ['kv', 'a"]'],
      ['kv', '__proto__'],
      ['kv', ''],
    ];
    for (const whose of owners) await set('"]', 1, undefined, whose);
    for (const whose of owners) {
      expect(await keys(whose)).toEqual(['"]']);
      expect(await storage.get(whose, '"]')).toBe(`of ${whose.join()}`);
    }
  });

  it('does not begin for an execution that has ended', async () => {
    const ended = AbortSignal.abort(new Error('over'));
    await set('a');
    await expect(storage.set(owner, { key: 'b', text: '1', bytes: 1, ttlMs: undefined }, QUOTA, ended)).rejects.toThrow(
      'over',
    );
    await expect(storage.delete(owner, 'a', ended)).rejects.toThrow('over');
    expect(await keys()).toEqual(['a']);
  });
});

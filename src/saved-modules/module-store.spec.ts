import { memoryStorage } from '../storage/memory-storage.ts';
import { ModuleStore } from './module-store.ts';
import type { SavedModule } from './saved-module.ts';

const module = (name: string, source = '', sourceBytes = source.length): SavedModule => ({
  name,
  source,
  sourceBytes,
  language: 'javascript',
  sourceHash: 'abc',
  updatedAt: '2026-01-01T00:00:00.000Z',
});

describe('ModuleStore', () => {
  let store: ModuleStore;
  beforeEach(() => {
    store = new ModuleStore(memoryStorage());
  });

  const namesOf = async (tenantId: string): Promise<string[]> => (await store.list(tenantId)).map(({ name }) => name);

  it('keeps 100 modules of a tenant and no more, however many come at once', async () => {
    const saved = Array.from({ length: 150 }, (_, index) => store.save('acme', module(`m${index}.js`)));
    const outcomes = await Promise.allSettled(saved);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(100);
    expect(await namesOf('acme')).toHaveLength(100);
    await expect(store.save('acme', module('new.js'))).rejects.toMatchObject({
      code: 'QUOTA_EXCEEDED',
      message: 'No more than 100 modules can be saved: delete one first',
      limit: { name: 'maxModules', allowed: 100, used: 101 },
    });
    expect(await store.find('acme', 'new.js')).toBeUndefined();
    expect(await store.save('acme', module('m0.js', 'again'))).toBe(false);
    expect(await store.save('globex', module('new.js'))).toBe(true);
    expect(await store.delete('acme', 'm0.js')).toBe(true);
    expect(await store.save('acme', module('new.js'))).toBe(true);
  });

  it('keeps 5 MiB of source of a tenant', async () => {
    await store.save('acme', module('a.js', '', 5 * 2 ** 20));
    await expect(store.save('acme', module('b.js', '', 1))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    await store.save('acme', module('a.js', '', 5 * 2 ** 20 - 1));
    await store.save('acme', module('b.js', '', 1));
  });

  it('lists by name, without sources', async () => {
    for (const name of ['b.js', 'a.js', 'B.js', 'b.js']) await store.save('acme', module(name));
    expect(await namesOf('acme')).toEqual(['B.js', 'a.js', 'b.js']);
    expect(JSON.stringify(await store.list('acme'))).not.toContain('"source":');
  });

  it('mixes up no tenants, whatever their ids are', async () => {
    const ids = [
      'a',
      'a.js',
      'a","b',
      'a:b',
      'a::',
      '__proto__',
      '',
      ' ',
      '\ud800',
      '\udfff',
      '\ufffd',
      '["a"]',
      'a\\',
      'A',
    ];
    for (const id of ids) expect(await store.save(id, module('a.js', `of ${JSON.stringify(id)}`))).toBe(true);
    for (const id of ids) {
      expect(await namesOf(id)).toEqual(['a.js']);
      expect(await store.find(id, 'a.js')).toMatchObject({ source: `of ${JSON.stringify(id)}` });
    }
    await store.delete('a', 'a.js');
    expect((await Promise.all(ids.map(namesOf))).filter(({ length }) => length === 0)).toHaveLength(1);
  });

  it('goes on after a change that failed', async () => {
    const failed = store.save('acme', module('a.js', '', 6 * 2 ** 20));
    const next = store.save('acme', module('b.js'));
    await expect(failed).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(await next).toBe(true);
  });
});

import { memoryStorage } from '../storage/memory-storage.ts';
import { ModuleStore } from './module-store.ts';
import { SavedModuleResolver } from './saved-module-resolver.ts';

const { jest } = import.meta;

describe('SavedModuleResolver', () => {
  let store: ModuleStore;
  let resolver: SavedModuleResolver;
  beforeEach(async () => {
    store = new ModuleStore(memoryStorage());
    resolver = new SavedModuleResolver(store);
    await store.save('acme', {
      name: 'tax.js',
      source: 'export default 1',
      sourceBytes: 16,
      language: 'javascript',
      sourceHash: 'abc',
      updatedAt: '2026-01-01T00:00:00.000Z',
    });
  });

  const resolve = async (specifier: string, id = 'acme', { signal } = new AbortController()): Promise<unknown> =>
    resolver.resolve({ specifier, importer: 'script.js', signal }, { tenant: { id } });

  it('finds a module of the tenant beside the one that imports it', async () => {
    expect(await resolve('./tax.js')).toMatchObject({ name: 'tax.js', source: 'export default 1' });
  });

  it('finds no module of another tenant', async () => {
    expect(await resolve('./tax.js', 'globex')).toBeUndefined();
  });

  it.each(['tax.js', '/tax.js', '../tax.js', './/tax.js', './a/../tax.js', './tax.js?1', 'file:///tax.js', './', ''])(
    'finds nothing as %j',
    async (specifier) => {
      expect(await resolve(specifier)).toBeUndefined();
    },
  );

  it('asks the store for a name once in an execution, and anew in the next', async () => {
    const find = jest.spyOn(store, 'find');
    for (const execution of [new AbortController(), new AbortController()]) {
      for (let importer = 0; importer < 2; importer++) await resolve('./tax.js', 'acme', execution);
    }
    expect(find).toHaveBeenCalledTimes(2);
  });
});

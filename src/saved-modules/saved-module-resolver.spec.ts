import type { ModuleStore } from './module-store.ts';
import { SavedModuleResolver } from './saved-module-resolver.ts';

describe('SavedModuleResolver', () => {
  it('asks the store for a name once in an execution, and anew in the next', async () => {
    const asked: string[] = [];
    const find = async (tenantId: string, name: string): Promise<object> => {
      asked.push(`${tenantId} ${name}`);
      return Promise.resolve({ name, source: 'export {}' });
    };
    const resolver = new SavedModuleResolver({ find } as unknown as ModuleStore);
    for (const execution of [new AbortController(), new AbortController()]) {
      for (const importer of ['a.js', 'b.js']) {
        const request = { specifier: './big.js', importer, signal: execution.signal };
        await expect(resolver.resolve(request, { tenant: { id: 'acme' } })).resolves.toMatchObject({ name: 'big.js' });
      }
    }
    expect(asked).toEqual(['acme big.js', 'acme big.js']);
  });
});

import { nothing, type PeerDefinition } from '../peer.ts';
import { QuickJs } from './quickjs/quickjs.ts';
import { WarmContext } from './quickjs/warm-context.ts';

export const peer: PeerDefinition = {
  name: 'quickjs-warm',
  title: 'quickjs-emscripten, kept context',
  file: import.meta.url,
  isolation: { fromBackend: 'wasm', betweenTenants: 'realm', state: 'kept', globals: "the tenant's own, as they are" },
  use: 'As with a fresh context; each tenant has a runtime and a context that are kept, and a function in it that is called with the context object as JSON.',
  packages: ['quickjs-emscripten-core', '@jitl/quickjs-wasmfile-release-sync'],
  start: async () => {
    const quickJs = await QuickJs.load();
    return {
      prepare: async (workload) => {
        const contexts = new Map<string, WarmContext>();
        const keep = (tenantId: string): WarmContext => {
          const made = new WarmContext(quickJs, workload);
          contexts.set(tenantId, made);
          return made;
        };
        return Promise.resolve({
          run: async (tenantId) => (contexts.get(tenantId) ?? keep(tenantId)).run(tenantId),
          close: async () => {
            for (const context of contexts.values()) context.dispose();
            return Promise.resolve();
          },
        });
      },
      close: nothing,
    };
  },
};

import { createContext, Script } from 'node:vm';
import { nothing, type PeerDefinition } from '../peer.ts';
import { contextOf, next } from '../workload.ts';

export const peer: PeerDefinition = {
  name: 'node-vm',
  title: 'node:vm',
  file: import.meta.url,
  isolation: { fromBackend: 'none', betweenTenants: 'none', state: 'fresh', globals: 'a fresh context for each run' },
  use: 'The floor: no security, no time limit, no copy of the result. One `vm.Script`, compiled once; on the thread of the caller.',
  packages: [],
  start: async () =>
    Promise.resolve({
      version: process.version,
      prepare: async (workload) => {
        const script = new Script(workload.script);
        return Promise.resolve({
          run: async (tenantId) => {
            const globals = { context: contextOf(tenantId), ...(workload.callsHost && { bench: { next } }) };
            return (await script.runInContext(createContext(globals))) as unknown;
          },
          close: nothing,
        });
      },
      close: nothing,
    }),
};

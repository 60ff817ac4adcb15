import { createContext, runInContext } from 'node:vm';
import { nothing, type PeerDefinition } from '../peer.ts';
import { contextOf, next } from '../workload.ts';
import { functionOf } from './support/function-of.ts';

type Kept = (context: ReturnType<typeof contextOf>) => unknown;

export const peer: PeerDefinition = {
  name: 'node-vm-warm',
  title: 'node:vm, kept context',
  file: import.meta.url,
  isolation: { fromBackend: 'none', betweenTenants: 'none', state: 'kept', globals: "the tenant's own, as they are" },
  use: 'The floor of what keeps anything: a function call. A context for each tenant, on the thread of the caller.',
  packages: [],
  start: async () =>
    Promise.resolve({
      version: process.version,
      prepare: async (workload) => {
        const source = functionOf(workload);
        const kept = new Map<string, Kept>();
        const keep = (tenantId: string): Kept => {
          const globals = createContext(workload.callsHost ? { bench: { next } } : {});
          const made = runInContext(source, globals) as Kept;
          kept.set(tenantId, made);
          return made;
        };
        return Promise.resolve({
          run: async (tenantId) => await (kept.get(tenantId) ?? keep(tenantId))(contextOf(tenantId)),
          close: nothing,
        });
      },
      close: nothing,
    }),
};

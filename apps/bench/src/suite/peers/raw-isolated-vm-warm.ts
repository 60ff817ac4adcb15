import { nothing, type PeerDefinition } from '../peer.ts';
import { next } from '../workload.ts';
import { loadIsolatedVm } from './isolated-vm/load.ts';
import { EXEC_ARGV } from './isolated-vm/script-isolate.ts';
import { TenantIsolates } from './isolated-vm/tenant-isolates.ts';
import { WarmIsolate } from './isolated-vm/warm-isolate.ts';

export const peer: PeerDefinition = {
  name: 'raw-isolated-vm-warm',
  title: 'raw isolated-vm, kept context',
  file: import.meta.url,
  isolation: {
    fromBackend: 'isolate',
    betweenTenants: 'isolate',
    state: 'kept',
    globals: "the tenant's own, as they are",
  },
  use: "In the caller's process, asynchronously; isolates as for a fresh context. Each keeps one context, and a function in it that is called with the context object.",
  packages: [],
  execArgv: EXEC_ARGV,
  start: async ({ cores }) => {
    const { ivm, version } = await loadIsolatedVm();
    return {
      version,
      prepare: async (workload, tenants) => {
        const isolates = new TenantIsolates(
          async () => WarmIsolate.create(ivm, workload, next),
          Math.ceil(cores / tenants),
        );
        return Promise.resolve({
          run: async (tenantId) => isolates.run(tenantId),
          close: async () => isolates.dispose(),
        });
      },
      close: nothing,
    };
  },
};

import { nothing, type PeerDefinition } from '../peer.ts';
import { next } from '../workload.ts';
import { EXEC_ARGV, ScriptIsolate } from './isolated-vm/script-isolate.ts';
import { TenantIsolates } from './isolated-vm/tenant-isolates.ts';
import { loadIsolatedVm } from './isolated-vm/load.ts';

export const peer: PeerDefinition = {
  name: 'raw-isolated-vm',
  title: 'raw isolated-vm, fresh context',
  file: import.meta.url,
  isolation: {
    fromBackend: 'isolate',
    betweenTenants: 'isolate',
    state: 'fresh',
    globals: 'a fresh context for each run',
  },
  use: "In the caller's process, asynchronously. One tenant has as many isolates as there are cores; of many, each has one, and all are kept. The script is compiled once in each.",
  packages: [],
  execArgv: EXEC_ARGV,
  start: async ({ cores }) => {
    const { ivm, version } = await loadIsolatedVm();
    return {
      version,
      prepare: async (workload, tenants) => {
        const isolates = new TenantIsolates(
          async () => ScriptIsolate.create(ivm, workload, next),
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

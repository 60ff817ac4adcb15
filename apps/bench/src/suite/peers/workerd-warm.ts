import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PeerDefinition } from '../peer.ts';
import { startBackend } from './workerd/backend.ts';
import { workerdBinary } from './workerd/binary.ts';
import { WarmWorkers } from './workerd/warm-workers.ts';

export const peer: PeerDefinition = {
  name: 'workerd-warm',
  title: 'workerd, deployed workers',
  file: import.meta.url,
  isolation: {
    fromBackend: 'process',
    betweenTenants: 'isolate',
    state: 'kept',
    globals: "the worker's own, as they are",
  },
  use: 'As many processes as cores, and in them a worker for each tenant with the function as its module, loaded once; HTTP over Unix sockets kept open. Calls are requests to the backend. All workers of a process end together.',
  packages: ['workerd'],
  start: async ({ cores }) => {
    const binary = await workerdBinary();
    const parent = await mkdtemp(join(tmpdir(), 'bench-workerd-'));
    const backendSocket = join(parent, 'backend');
    const backend = await startBackend(backendSocket);
    return {
      prepare: async (workload, tenants) => {
        // Sockets of workers that have ended are in the way of others.
        const folder = await mkdtemp(join(parent, 'workers-'));
        const workers = await WarmWorkers.start({ binary, folder, backendSocket, processes: cores }, workload, tenants);
        return { run: async (tenantId) => workers.run(tenantId), close: async () => workers.end() };
      },
      close: async () => {
        backend.close();
        await rm(parent, { recursive: true, force: true });
      },
    };
  },
};

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPackage } from '../../packages.ts';
import { nothing, type PeerDefinition } from '../peer.ts';
import { contextOf } from '../workload.ts';
import { startBackend } from './workerd/backend.ts';
import { configOf } from './workerd/config.ts';
import { WorkerdServer } from './workerd/server.ts';
import { WORKER_SOURCE } from './workerd/worker-source.ts';

export const peer: PeerDefinition = {
  name: 'workerd',
  title: 'workerd (Worker Loader)',
  file: import.meta.url,
  isolation: { fromBackend: 'process', betweenTenants: 'isolate', globals: 'a fresh worker for each run' },
  use: 'As many processes as cores, HTTP over Unix sockets kept open; a worker loads another one for each run, which reads the script anew. Calls are requests to the backend.',
  packages: ['workerd'],
  start: async ({ cores }) => {
    const {
      default: { default: binary },
    } = (await loadPackage('workerd')) as { default: { default: string } };
    const folder = await mkdtemp(join(tmpdir(), 'bench-workerd-'));
    await writeFile(join(folder, 'main.mjs'), WORKER_SOURCE);
    const backendSocket = join(folder, 'backend');
    const backend = await startBackend(backendSocket);
    const servers = await Promise.all(
      Array.from({ length: cores }, async (_, n) => {
        const [config, socket] = [join(folder, `config-${n}.capnp`), join(folder, `socket-${n}`)];
        await writeFile(config, configOf(socket, backendSocket));
        return WorkerdServer.start(binary, config, socket);
      }),
    );
    let runs = 0;
    return {
      prepare: async ({ script }) => {
        await Promise.all(servers.map(async (server) => server.prepare(script)));
        return {
          run: async (tenantId) => servers[runs++ % servers.length]?.run(contextOf(tenantId)),
          close: nothing,
        };
      },
      close: async () => {
        for (const server of servers) server.end();
        backend.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  },
};

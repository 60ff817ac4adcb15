import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nothing, type PeerDefinition } from '../peer.ts';
import { contextOf } from '../workload.ts';
import { startBackend } from './workerd/backend.ts';
import { workerdBinary } from './workerd/binary.ts';
import { configOf } from './workerd/config.ts';
import { WorkerdServer } from './workerd/server.ts';
import { UnixClient } from './workerd/unix-client.ts';
import { WORKER_SOURCE } from './workerd/worker-source.ts';

export const peer: PeerDefinition = {
  name: 'workerd',
  title: 'workerd (Worker Loader)',
  file: import.meta.url,
  isolation: {
    fromBackend: 'process',
    betweenTenants: 'isolate',
    state: 'fresh',
    globals: 'a fresh worker for each run',
  },
  use: 'As many processes as cores, HTTP over Unix sockets kept open; a worker loads another one for each run, which reads the script anew. Calls are requests to the backend.',
  packages: ['workerd'],
  start: async ({ cores }) => {
    const binary = await workerdBinary();
    const folder = await mkdtemp(join(tmpdir(), 'bench-workerd-'));
    await writeFile(join(folder, 'main.mjs'), WORKER_SOURCE);
    const backendSocket = join(folder, 'backend');
    const backend = await startBackend(backendSocket);
    const started = await Promise.all(
      Array.from({ length: cores }, async (_, n) => {
        const [config, socket] = [join(folder, `config-${n}.capnp`), join(folder, `socket-${n}`)];
        await writeFile(config, configOf(socket, backendSocket));
        const client = new UnixClient(socket);
        return { client, server: await WorkerdServer.start(binary, config, async () => client.ask('PUT', '0')) };
      }),
    );
    let runs = 0;
    return {
      prepare: async ({ script }) => {
        await Promise.all(started.map(async ({ client }) => client.ask('PUT', script)));
        return {
          run: async (tenantId) => {
            const client = started[runs++ % started.length]?.client;
            return JSON.parse((await client?.ask('POST', JSON.stringify(contextOf(tenantId)))) ?? '') as unknown;
          },
          close: nothing,
        };
      },
      close: async () => {
        for (const { client } of started) client.close();
        await Promise.all(started.map(async ({ server }) => server.end()));
        backend.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  },
};

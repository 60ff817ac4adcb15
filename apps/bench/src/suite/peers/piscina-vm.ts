import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { loadPackage } from '../../packages.ts';
import { nothing, type PeerDefinition } from '../peer.ts';
import { next, type Step } from '../workload.ts';
import type { Task } from './piscina/worker.ts';

interface Piscina {
  run(task: Task, options: { transferList: readonly MessagePort[] }): Promise<unknown>;
  destroy(): Promise<void>;
}

interface PiscinaModule {
  Piscina: new (options: { filename: string; minThreads: number; maxThreads: number }) => Piscina;
}

export const peer: PeerDefinition = {
  name: 'piscina-vm',
  title: 'worker threads (piscina) + vm',
  file: import.meta.url,
  isolation: {
    fromBackend: 'none',
    betweenTenants: 'none',
    state: 'fresh',
    globals: 'a fresh vm context for each run',
  },
  use: 'As many threads as cores; each keeps its `vm.Script` and makes a context for each run. Calls go over a message port of the run. A script that gets out of its context has a whole Node.',
  packages: ['piscina'],
  start: async ({ cores }) => {
    const { Piscina } = (await loadPackage('piscina')) as PiscinaModule;
    const filename = fileURLToPath(new URL('piscina/worker.ts', import.meta.url));
    const pool = new Piscina({ filename, minThreads: cores, maxThreads: cores });
    return {
      prepare: async ({ name, callsHost }) =>
        Promise.resolve({
          run: async (tenantId) => {
            if (!callsHost) return pool.run({ workload: name, tenantId }, { transferList: [] });
            const { port1, port2 } = new MessageChannel();
            port1.on('message', (step: Step) => {
              void next(step).then((answer) => {
                port1.postMessage(answer);
              });
            });
            try {
              return await pool.run({ workload: name, tenantId, host: port2 }, { transferList: [port2] });
            } finally {
              port1.close();
            }
          },
          close: nothing,
        }),
      close: async () => pool.destroy(),
    };
  },
};

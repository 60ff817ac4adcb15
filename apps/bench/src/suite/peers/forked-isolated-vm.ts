import { nothing, type PeerDefinition } from '../peer.ts';
import { Worker } from './forked/worker.ts';

export const peer: PeerDefinition = {
  name: 'forked-isolated-vm',
  title: 'isolated-vm in forked processes',
  file: import.meta.url,
  isolation: {
    fromBackend: 'process',
    betweenTenants: 'isolate',
    state: 'fresh',
    globals: 'a fresh context for each run',
  },
  use: "What one would write by hand: as many worker processes as cores, `child_process` messages, the least busy one takes the run. Each has an isolate for every tenant and keeps all. Nothing ends a worker that hangs, and nothing holds its memory to a limit but V8's own.",
  packages: [],
  start: async ({ cores }) => {
    const workers = await Promise.all(Array.from({ length: cores }, async () => Worker.start()));
    return {
      prepare: async ({ name }) => {
        await Promise.all(workers.map(async (worker) => worker.prepare(name)));
        return {
          run: async (tenantId) =>
            workers.reduce((one, other) => (other.busyWith < one.busyWith ? other : one)).run(tenantId),
          close: nothing,
        };
      },
      close: async () => {
        for (const worker of workers) worker.end();
        return Promise.resolve();
      },
    };
  },
};

import { loadPackage } from '../../packages.ts';
import { nothing, type PeerDefinition } from '../peer.ts';
import { contextOf, next } from '../workload.ts';
import { Turns } from './support/turns.ts';

interface Run {
  readonly setMaxWorkers: (workers: number) => void;
  readonly createRunner: () => { run(input: { source: string; hostFunctions?: object }): Promise<RunResult> };
}

interface RunResult {
  readonly status: string;
  readonly value?: unknown;
}

export const peer: PeerDefinition = {
  name: 'run',
  title: 'run',
  file: import.meta.url,
  isolation: {
    fromBackend: 'wasm',
    betweenTenants: 'realm',
    state: 'fresh',
    globals: 'a fresh QuickJS context for each run',
  },
  use: 'QuickJS as WebAssembly in worker threads, as many as cores, each kept for later runs; a queue in front, as it refuses more. An interpreter without JIT, which reads the script in each run.',
  packages: ['run'],
  start: async ({ cores }) => {
    const { setMaxWorkers, createRunner } = (await loadPackage('run')) as Run;
    setMaxWorkers(cores);
    const runner = createRunner();
    const turns = new Turns(Array.from({ length: cores }, () => ({})));
    return {
      prepare: async (workload) =>
        Promise.resolve({
          run: async (tenantId) =>
            turns.with(async () => {
              const source = `const context = ${JSON.stringify(contextOf(tenantId))};\nreturn ${workload.script}`;
              const hostFunctions = workload.callsHost ? { bench: { next } } : {};
              return (await runner.run({ source, hostFunctions })).value;
            }),
          close: nothing,
        }),
      close: nothing,
    };
  },
};

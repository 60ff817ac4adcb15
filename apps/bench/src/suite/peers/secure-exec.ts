import { loadPackage } from '../../packages.ts';
import { type PeerDefinition } from '../peer.ts';
import { contextOf, next, type Workload } from '../workload.ts';
import { MEMORY_MB } from './support/limits.ts';
import { Turns } from './support/turns.ts';

interface SecureExec {
  NodeRuntime: new (options: object) => {
    run(code: string, path: string): Promise<{ readonly exports?: { readonly default: unknown } }>;
    dispose(): void;
  };
  NodeExecutionDriver: new (options: object) => unknown;
  readonly createNodeDriver: () => object;
}

export const peer: PeerDefinition = {
  name: 'secure-exec',
  title: 'secure-exec',
  file: import.meta.url,
  isolation: {
    fromBackend: 'process',
    betweenTenants: 'isolate',
    state: 'fresh',
    globals: 'a fresh isolate for each run',
  },
  use: 'One V8 process for all, an isolate of it for each run, with what makes it look like Node. As many runtimes as cores, which are kept: a new one costs some 0.3 s.',
  packages: ['secure-exec'],
  start: async ({ cores }) => {
    const { NodeRuntime, NodeExecutionDriver, createNodeDriver } = (await loadPackage('secure-exec')) as SecureExec;
    const runtimes = Array.from(
      { length: cores },
      () =>
        new NodeRuntime({
          systemDriver: createNodeDriver(),
          runtimeDriverFactory: {
            createRuntimeDriver: (options: object) =>
              new NodeExecutionDriver({ ...options, bindings: { bench: { next } } }),
          },
          memoryLimit: MEMORY_MB,
        }),
    );
    const turns = new Turns(runtimes);
    return {
      prepare: async (workload) =>
        Promise.resolve({
          run: async (tenantId) =>
            turns.with(async (runtime) => {
              const { exports } = await runtime.run(sourceOf(workload, tenantId), '/entry.mjs');
              return exports?.default;
            }),
          close: async () => Promise.resolve(),
        }),
      close: async () => {
        for (const runtime of runtimes) runtime.dispose();
        return Promise.resolve();
      },
    };
  },
};

function sourceOf({ script, callsHost }: Workload, tenantId: string): string {
  const bench = callsHost ? 'const { bench } = SecureExec.bindings;\n' : '';
  return `const context = ${JSON.stringify(contextOf(tenantId))};\n${bench}export default await ${script};`;
}

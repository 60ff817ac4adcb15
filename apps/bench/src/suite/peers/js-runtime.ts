import type { Library } from '../../library.ts';
import type { Peer, PeerDefinition, Prepared } from '../peer.ts';
import { next, type Workload } from '../workload.ts';
import { STEP } from './js-runtime/step.ts';

export const peer: PeerDefinition = {
  name: 'js-runtime',
  title: 'js-runtime (this library)',
  file: import.meta.url,
  isolation: {
    fromBackend: 'process',
    betweenTenants: 'isolate',
    state: 'fresh',
    globals: 'a fresh realm for each run',
  },
  use: 'As many VMs as cores; everything else as it is by default. Scripts are compiled with `CompilerService.compile`; calls are declared with schemas, and need a permission.',
  packages: [],
  start: async ({ cores }): Promise<Peer> => {
    const { startLibrary } = await import('../../library.ts');
    const library = await startLibrary({ poolSize: cores, permissions: ['bench:*'] });
    return {
      prepare: async (workload, tenants) => prepare(library, workload, tenants),
      close: async () => library.close(),
    };
  },
};

async function prepare(library: Library, workload: Workload, tenants: number): Promise<Prepared> {
  const compiled = new Map<string, ReturnType<Library['compileAs']>>();
  const scriptOf = async (tenantId: string): ReturnType<Library['compileAs']> => {
    let script = compiled.get(tenantId);
    if (!script) compiled.set(tenantId, (script = library.compileAs(tenantId, `${workload.name}.js`, workload.script)));
    return script;
  };
  if (tenants === 1) await scriptOf('tenant-0');
  const run: Prepared['run'] = workload.callsHost
    ? async (tenantId) =>
        (
          await library.runWithSetup(tenantId, await scriptOf(tenantId), (scope) => {
            scope.expose('bench.next', next, { permission: 'bench:next', input: STEP, output: STEP });
          })
        ).value
    : async (tenantId) => (await library.runAs(tenantId, await scriptOf(tenantId))).value;
  return { run, close: async () => Promise.resolve() };
}

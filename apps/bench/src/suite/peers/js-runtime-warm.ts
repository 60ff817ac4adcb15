import type { Library, TenantFunction } from '../../library.ts';
import type { Peer, PeerDefinition, Prepared } from '../peer.ts';
import { deployedOf, type Workload } from '../workload.ts';

export const peer: PeerDefinition = {
  name: 'js-runtime-warm',
  title: 'js-runtime (this library), warm',
  file: import.meta.url,
  isolation: {
    fromBackend: 'process',
    betweenTenants: 'isolate',
    state: 'kept, hardened',
    globals: "the function's own, frozen with all that is reached from them",
  },
  use: 'As many VMs as cores; everything else as it is by default. A function of each tenant is prepared with `ExecutionService.prepare`, as a module, and invoked; calls go to a host API with schemas and a permission. Node runs with `--no-allocation-site-pretenuring`, as the README recommends for it.',
  packages: [],
  execArgv: ['--no-allocation-site-pretenuring'],
  start: async ({ cores }): Promise<Peer> => {
    const { startLibrary } = await import('../../library.ts');
    const { CallsApi } = await import('./js-runtime/calls-api.ts');
    const library = await startLibrary({ poolSize: cores, permissions: ['bench:*'] }, [CallsApi]);
    return {
      prepare: async (workload, tenants) => prepare(library, workload, tenants),
      close: async () => library.close(),
    };
  },
};

async function prepare(library: Library, workload: Workload, tenants: number): Promise<Prepared> {
  const { declarations, expression } = deployedOf(workload);
  const source = `${declarations}\nexport default () => (${expression});`;
  const functions = new Map<string, TenantFunction>();
  const deploy = async (tenantId: string): Promise<TenantFunction> => {
    const made = await library.prepareAs(tenantId, source, { name: `${workload.name}.js`, wrap: 'module' });
    functions.set(tenantId, made);
    return made;
  };
  for (let tenant = 0; tenant < tenants; tenant++) await deploy(`tenant-${tenant}`);
  return {
    run: async (tenantId) => (await functions.get(tenantId)?.invoke())?.value,
    close: async () => {
      await Promise.all([...functions.values()].map(async (one) => one.dispose()));
    },
  };
}

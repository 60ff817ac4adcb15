import { loadPackage } from '../../packages.ts';
import { nothing, type PeerDefinition } from '../peer.ts';
import { contextOf, next } from '../workload.ts';
import { TIMEOUT_MS } from './support/limits.ts';

interface Vm2 {
  VM: new (options: { timeout: number; sandbox: object }) => { run(script: unknown): unknown };
  VMScript: new (code: string) => { compile(): unknown };
}

export const peer: PeerDefinition = {
  name: 'vm2',
  title: 'vm2',
  file: import.meta.url,
  isolation: { fromBackend: 'realm', betweenTenants: 'realm', state: 'fresh', globals: 'a fresh VM for each run' },
  use: 'One `VMScript`, compiled once; on the thread of the caller. Its walls are proxies around every object, of which many have been broken.',
  packages: ['vm2'],
  start: async () => {
    const { VM, VMScript } = (await loadPackage('vm2')) as Vm2;
    return {
      prepare: async (workload) => {
        const script = new VMScript(workload.script).compile();
        return Promise.resolve({
          run: async (tenantId) => {
            const sandbox = { context: contextOf(tenantId), ...(workload.callsHost && { bench: { next } }) };
            return await new VM({ timeout: TIMEOUT_MS, sandbox }).run(script);
          },
          close: nothing,
        });
      },
      close: nothing,
    };
  },
};

import type ivm from 'isolated-vm';
import { nothing, type PeerDefinition } from '../peer.ts';
import { next } from '../workload.ts';
import { loadIsolatedVm } from './isolated-vm/load.ts';
import { EXEC_ARGV, ScriptIsolate, type IvmModule } from './isolated-vm/script-isolate.ts';

export const peer: PeerDefinition = {
  name: 'raw-isolated-vm-fresh',
  title: 'raw isolated-vm, fresh isolate',
  file: import.meta.url,
  isolation: {
    fromBackend: 'isolate',
    betweenTenants: 'isolate',
    state: 'fresh',
    globals: 'a fresh isolate for each run',
  },
  use: "In the caller's process, asynchronously. The script is compiled in each isolate, with V8's code cache.",
  packages: [],
  execArgv: EXEC_ARGV,
  start: async () => {
    const { ivm, version } = await loadIsolatedVm();
    return {
      version,
      prepare: async (workload) => {
        const cachedData = await codeCacheOf(ivm, workload.script);
        return {
          run: async (tenantId) => {
            const isolate = await ScriptIsolate.create(ivm, workload, next, cachedData);
            try {
              return await isolate.run(tenantId);
            } finally {
              isolate.dispose();
            }
          },
          close: nothing,
        };
      },
      close: nothing,
    };
  },
};

async function codeCacheOf(ivm: IvmModule, source: string): Promise<ivm.ExternalCopy<ArrayBuffer> | undefined> {
  const isolate = new ivm.Isolate();
  // Its types do not say what compileScript() gives.
  const script: ivm.Script & ivm.CachedDataResult = await isolate.compileScript(source, { produceCachedData: true });
  isolate.dispose();
  return script.cachedData;
}

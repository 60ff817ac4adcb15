import { nothing, type PeerDefinition } from '../peer.ts';
import { contextOf, type Workload } from '../workload.ts';
import { defineBench, QuickJs, valueOf } from './quickjs/quickjs.ts';

export const peer: PeerDefinition = {
  name: 'quickjs',
  title: 'quickjs-emscripten',
  file: import.meta.url,
  isolation: {
    fromBackend: 'wasm',
    betweenTenants: 'realm',
    state: 'fresh',
    globals: 'a fresh runtime and context for each run',
  },
  use: 'QuickJS as WebAssembly, release-sync; the module is loaded once, so runtimes of tenants share its memory. On the thread of the caller; an interpreter without JIT, which reads the script in each run.',
  packages: ['quickjs-emscripten-core', '@jitl/quickjs-wasmfile-release-sync'],
  start: async () => {
    const quickJs = await QuickJs.load();
    return {
      prepare: async (workload) =>
        Promise.resolve({ run: async (tenantId) => runFresh(quickJs, workload, tenantId), close: nothing }),
      close: nothing,
    };
  },
};

async function runFresh(quickJs: QuickJs, { script, callsHost }: Workload, tenantId: string): Promise<unknown> {
  const runtime = quickJs.newRuntime();
  const context = runtime.newContext();
  try {
    const contextJson = JSON.stringify(contextOf(tenantId));
    context.unwrapResult(context.evalCode(`globalThis.context = ${contextJson};`)).dispose();
    if (callsHost) defineBench(runtime, context);
    return await valueOf(runtime, context, context.unwrapResult(context.evalCode(script)), callsHost);
  } finally {
    context.dispose();
    runtime.dispose();
  }
}

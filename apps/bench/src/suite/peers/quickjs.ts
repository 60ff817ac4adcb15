import { loadPackage } from '../../packages.ts';
import { nothing, type PeerDefinition } from '../peer.ts';
import { contextOf, next, type Step, type Workload } from '../workload.ts';
import { MEMORY_BYTES, TIMEOUT_MS } from './support/limits.ts';

interface Core {
  newQuickJSWASMModuleFromVariant(variant: unknown): Promise<{ newRuntime(): Runtime }>;
  shouldInterruptAfterDeadline(deadlineMs: number): () => boolean;
}

interface Runtime {
  setMemoryLimit(bytes: number): void;
  setInterruptHandler(shouldInterrupt: () => boolean): void;
  newContext(): Context;
  executePendingJobs(): unknown;
  dispose(): void;
}

interface Handle {
  dispose(): void;
}

interface Context {
  readonly global: Handle;
  evalCode(code: string): unknown;
  unwrapResult(result: unknown): Handle;
  dump(handle: Handle): unknown;
  newObject(): Handle;
  newNumber(value: number): Handle;
  newFunction(name: string, run: (argument: Handle) => Handle): Handle;
  newPromise(): { readonly handle: Handle; readonly settled: Promise<unknown>; resolve(value: Handle): void };
  resolvePromise(handle: Handle): Promise<unknown>;
  setProp(target: Handle, name: string, value: Handle): void;
  dispose(): void;
}

export const peer: PeerDefinition = {
  name: 'quickjs',
  title: 'quickjs-emscripten',
  file: import.meta.url,
  isolation: { fromBackend: 'wasm', betweenTenants: 'realm', globals: 'a fresh runtime and context for each run' },
  use: 'QuickJS as WebAssembly, release-sync; the module is loaded once, so runtimes of tenants share its memory. On the thread of the caller; an interpreter without JIT, which reads the script in each run.',
  packages: ['quickjs-emscripten-core', '@jitl/quickjs-wasmfile-release-sync'],
  start: async () => {
    const core = (await loadPackage('quickjs-emscripten-core')) as Core;
    const { default: variant } = (await loadPackage('@jitl/quickjs-wasmfile-release-sync')) as { default: unknown };
    const module = await core.newQuickJSWASMModuleFromVariant(variant);
    return {
      prepare: async (workload) =>
        Promise.resolve({
          run: async (tenantId) => {
            const runtime = module.newRuntime();
            runtime.setMemoryLimit(MEMORY_BYTES);
            runtime.setInterruptHandler(core.shouldInterruptAfterDeadline(Date.now() + TIMEOUT_MS));
            const context = runtime.newContext();
            try {
              return await runIn(runtime, context, workload, tenantId);
            } finally {
              context.dispose();
              runtime.dispose();
            }
          },
          close: nothing,
        }),
      close: nothing,
    };
  },
};

async function runIn(runtime: Runtime, context: Context, workload: Workload, tenantId: string): Promise<unknown> {
  const contextJson = JSON.stringify(contextOf(tenantId));
  context.unwrapResult(context.evalCode(`globalThis.context = ${contextJson};`)).dispose();
  if (workload.callsHost) defineBench(runtime, context);
  let result = context.unwrapResult(context.evalCode(workload.script));
  if (workload.callsHost) {
    const settled = context.resolvePromise(result);
    runtime.executePendingJobs();
    result.dispose();
    result = context.unwrapResult(await settled);
  }
  const value = context.dump(result);
  result.dispose();
  return value;
}

function defineBench(runtime: Runtime, context: Context): void {
  const bench = context.newObject();
  const call = context.newFunction('next', (argument) => {
    const promise = context.newPromise();
    void next(context.dump(argument) as Step).then(({ n }) => {
      const step = context.newObject();
      const number = context.newNumber(n);
      context.setProp(step, 'n', number);
      promise.resolve(step);
      number.dispose();
      step.dispose();
    });
    void promise.settled.then(() => runtime.executePendingJobs());
    return promise.handle;
  });
  context.setProp(bench, 'next', call);
  context.setProp(context.global, 'bench', bench);
  call.dispose();
  bench.dispose();
}

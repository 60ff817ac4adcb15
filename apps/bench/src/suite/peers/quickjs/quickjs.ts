import { loadPackage } from '../../../packages.ts';
import { next, type Step } from '../../workload.ts';
import { MEMORY_BYTES, TIMEOUT_MS } from '../support/limits.ts';

interface Core {
  newQuickJSWASMModuleFromVariant(variant: unknown): Promise<{ newRuntime(): Runtime }>;
  shouldInterruptAfterDeadline(deadlineMs: number): () => boolean;
}

export interface Runtime {
  setMemoryLimit(bytes: number): void;
  setInterruptHandler(shouldInterrupt: () => boolean): void;
  newContext(): Context;
  executePendingJobs(): unknown;
  dispose(): void;
}

export interface Handle {
  dispose(): void;
}

export interface Context {
  readonly global: Handle;
  readonly undefined: Handle;
  evalCode(code: string): unknown;
  callFunction(run: Handle, thisValue: Handle, ...args: readonly Handle[]): unknown;
  newString(text: string): Handle;
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

/** The module as WebAssembly, of which there is one: runtimes share its memory. */
export class QuickJs {
  readonly #core: Core;
  readonly #module: { newRuntime(): Runtime };

  private constructor(core: Core, module: { newRuntime(): Runtime }) {
    this.#core = core;
    this.#module = module;
  }

  static async load(): Promise<QuickJs> {
    const core = (await loadPackage('quickjs-emscripten-core')) as Core;
    const { default: variant } = (await loadPackage('@jitl/quickjs-wasmfile-release-sync')) as { default: unknown };
    return new QuickJs(core, await core.newQuickJSWASMModuleFromVariant(variant));
  }

  newRuntime(): Runtime {
    const runtime = this.#module.newRuntime();
    runtime.setMemoryLimit(MEMORY_BYTES);
    this.limitTime(runtime);
    return runtime;
  }

  /** From now on. */
  limitTime(runtime: Runtime): void {
    runtime.setInterruptHandler(this.#core.shouldInterruptAfterDeadline(Date.now() + TIMEOUT_MS));
  }
}

/** What a result, or its promise, comes to. */
export async function valueOf(
  runtime: Runtime,
  context: Context,
  result: Handle,
  isPromise: boolean,
): Promise<unknown> {
  let settledResult = result;
  if (isPromise) {
    const settled = context.resolvePromise(result);
    runtime.executePendingJobs();
    result.dispose();
    settledResult = context.unwrapResult(await settled);
  }
  const value = context.dump(settledResult);
  settledResult.dispose();
  return value;
}

export function defineBench(runtime: Runtime, context: Context): void {
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

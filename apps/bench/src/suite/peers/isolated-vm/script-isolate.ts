import type ivm from 'isolated-vm';
import { contextOf, type Step, type Workload } from '../../workload.ts';
import { MEMORY_MB, TIMEOUT_MS } from '../support/limits.ts';
import type { TenantIsolate } from './tenant-isolates.ts';

/** In a process with Node's own snapshot isolated-vm crashes: https://github.com/laverdet/isolated-vm/issues/420 */
export const EXEC_ARGV = ['--no-node-snapshot'];

export type IvmModule = typeof ivm;
export type Next = (step: Step) => Promise<Step>;

export const DEFINE_BENCH = `globalThis.bench = {
  next: (step) => $0.apply(undefined, [step], { arguments: { copy: true }, result: { promise: true, copy: true } }),
};`;

/** One isolate with one script, run in a fresh context each time, the usual way: asynchronously, in the caller's own process. */
export class ScriptIsolate implements TenantIsolate {
  readonly #ivm: IvmModule;
  readonly #isolate: ivm.Isolate;
  readonly #script: ivm.Script;
  readonly #next: Next | undefined;

  private constructor(ivmModule: IvmModule, isolate: ivm.Isolate, script: ivm.Script, next: Next | undefined) {
    this.#ivm = ivmModule;
    this.#isolate = isolate;
    this.#script = script;
    this.#next = next;
  }

  static async create(
    ivmModule: IvmModule,
    workload: Workload,
    next: Next,
    cachedData?: ivm.ExternalCopy<ArrayBuffer>,
  ): Promise<ScriptIsolate> {
    const isolate = new ivmModule.Isolate({ memoryLimit: MEMORY_MB });
    const script = await isolate.compileScript(workload.script, cachedData && { cachedData });
    return new ScriptIsolate(ivmModule, isolate, script, workload.callsHost ? next : undefined);
  }

  async run(tenantId: string): Promise<unknown> {
    const context = await this.#isolate.createContext();
    try {
      await context.global.set('context', contextOf(tenantId), { copy: true });
      if (this.#next) await context.evalClosure(DEFINE_BENCH, [new this.#ivm.Reference(this.#next)]);
      return await (this.#script.run(context, { timeout: TIMEOUT_MS, promise: true, copy: true }) as Promise<unknown>);
    } finally {
      context.release();
    }
  }

  dispose(): void {
    this.#isolate.dispose();
  }
}

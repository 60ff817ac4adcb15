import type ivm from 'isolated-vm';
import { contextOf, type Workload } from '../../workload.ts';
import { functionOf } from '../support/function-of.ts';
import { MEMORY_MB, TIMEOUT_MS } from '../support/limits.ts';
import { DEFINE_BENCH, type IvmModule, type Next } from './script-isolate.ts';
import type { TenantIsolate } from './tenant-isolates.ts';

type Kept = (context: ReturnType<typeof contextOf>) => unknown;

/** One isolate with one context, and one function in it that is called each time. */
export class WarmIsolate implements TenantIsolate {
  readonly #isolate: ivm.Isolate;
  readonly #kept: ivm.Reference<Kept>;

  private constructor(isolate: ivm.Isolate, kept: ivm.Reference<Kept>) {
    this.#isolate = isolate;
    this.#kept = kept;
  }

  static async create(ivmModule: IvmModule, workload: Workload, next: Next): Promise<WarmIsolate> {
    const isolate = new ivmModule.Isolate({ memoryLimit: MEMORY_MB });
    const context = await isolate.createContext();
    if (workload.callsHost) await context.evalClosure(DEFINE_BENCH, [new ivmModule.Reference(next)]);
    const kept: unknown = await context.eval(functionOf(workload), { reference: true });
    return new WarmIsolate(isolate, kept as ivm.Reference<Kept>);
  }

  async run(tenantId: string): Promise<unknown> {
    return this.#kept.apply(undefined, [contextOf(tenantId)], {
      timeout: TIMEOUT_MS,
      arguments: { copy: true },
      result: { copy: true, promise: true },
    });
  }

  dispose(): void {
    this.#isolate.dispose();
  }
}

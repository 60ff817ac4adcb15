import { contextOf, type Workload } from '../../workload.ts';
import { functionOf } from '../support/function-of.ts';
import { defineBench, valueOf, type Context, type Handle, type QuickJs, type Runtime } from './quickjs.ts';

/** A runtime with one context, and one function in it that is called each time. */
export class WarmContext {
  readonly #quickJs: QuickJs;
  readonly #runtime: Runtime;
  readonly #context: Context;
  readonly #kept: Handle;
  readonly #callsHost: boolean;

  constructor(quickJs: QuickJs, workload: Workload) {
    this.#quickJs = quickJs;
    this.#runtime = quickJs.newRuntime();
    this.#context = this.#runtime.newContext();
    this.#callsHost = workload.callsHost;
    if (workload.callsHost) defineBench(this.#runtime, this.#context);
    const source = `((kept) => (contextJson) => kept(JSON.parse(contextJson)))(${functionOf(workload)})`;
    this.#kept = this.#context.unwrapResult(this.#context.evalCode(source));
  }

  async run(tenantId: string): Promise<unknown> {
    this.#quickJs.limitTime(this.#runtime);
    const context = this.#context;
    const text = context.newString(JSON.stringify(contextOf(tenantId)));
    const result = context.unwrapResult(context.callFunction(this.#kept, context.undefined, text));
    text.dispose();
    return valueOf(this.#runtime, context, result, this.#callsHost);
  }

  dispose(): void {
    this.#kept.dispose();
    this.#context.dispose();
    this.#runtime.dispose();
  }
}

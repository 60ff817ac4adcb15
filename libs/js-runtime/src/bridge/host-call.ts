import type { Deadline } from '../admission/deadline.ts';
import type { ScriptCall } from '../host-api/script-call.ts';
import type { TenantContext } from '../tenancy/tenant-context.ts';
import type { OperationTrace } from '../tracing/operation-trace.ts';

/** What the calls of one execution have in common. */
export interface CallScope {
  /** Stands for the execution: request-scoped providers have one instance for each. */
  readonly key: object;
  readonly context: TenantContext;
  readonly executionId: string;
  readonly deadline: Deadline;
  readonly trace: OperationTrace | undefined;
  readonly maxResultBytes: number;
}

/** One call, as the method sees it. */
export class HostCall implements ScriptCall {
  readonly #scope: CallScope;
  readonly #endsAt: number;
  /** Made when first asked for: most methods never look. */
  #controller: AbortController | undefined;
  #reason: unknown;
  #isOver = false;

  constructor(scope: CallScope, timeoutMs = Infinity) {
    this.#scope = scope;
    this.#endsAt = Math.min(scope.deadline.endsAt, timeoutMs === Infinity ? Infinity : performance.now() + timeoutMs);
  }

  get tenant(): TenantContext['tenant'] {
    return this.#scope.context.tenant;
  }

  get context(): TenantContext {
    return this.#scope.context;
  }

  get executionId(): string {
    return this.#scope.executionId;
  }

  get maxResultBytes(): number {
    return this.#scope.maxResultBytes;
  }

  get remainingMs(): number {
    return Math.max(1, Math.ceil(this.#endsAt - performance.now()));
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#isOver) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Nobody waits for it any more. */
  abort(reason: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

import { Cancellation } from '../admission/cancellation.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';

export interface RunningExecution {
  readonly tenantId: string;
  readonly id: string;
  /** Fires when the caller's own signal does, or on `cancel()`. */
  readonly signal: Cancellation;
}

/** The executions that wait or run now, by tenant and id. Tenants choose ids without knowing of each other. */
export class RunningExecutions {
  /** Maps in a map: a tenant's id may have any characters, so no key that is made of both is safe. */
  readonly #tenants = new Map<string, Map<string, Cancellation>>();

  /** @throws JsRuntimeError INVALID_REQUEST for an id that the tenant uses already, and a signal that is none */
  begin(tenantId: string, id: string, callerSignal?: AbortSignal): RunningExecution {
    const executions = this.#tenants.get(tenantId) ?? new Map<string, Cancellation>();
    if (executions.has(id)) {
      throw new JsRuntimeError('INVALID_REQUEST', `executionId ${id} is in use by an execution that has not ended`);
    }
    if (callerSignal !== undefined && !(callerSignal instanceof AbortSignal)) {
      throw new JsRuntimeError('INVALID_REQUEST', 'signal must be an AbortSignal');
    }
    const signal = new Cancellation(callerSignal);
    this.#tenants.set(tenantId, executions.set(id, signal));
    return { tenantId, id, signal };
  }

  end({ tenantId, id, signal }: RunningExecution): void {
    signal.end();
    const executions = this.#tenants.get(tenantId);
    executions?.delete(id);
    // Tenants come and go; a backend that runs for months is not to remember them all.
    if (executions?.size === 0) this.#tenants.delete(tenantId);
  }

  /** Cancels the tenant's execution of that id. False when there is none. */
  cancel(tenantId: string, id: string): boolean {
    const signal = this.#tenants.get(tenantId)?.get(id);
    signal?.cancel();
    return signal !== undefined;
  }

  /** Cancels every tenant's execution of that id. False when there is none. */
  cancelForAll(id: string): boolean {
    const found = [...this.#tenants.keys()].map((tenantId) => this.cancel(tenantId, id));
    return found.includes(true);
  }
}

import { Cancellation } from '../admission/cancellation.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';

export interface RunningExecution {
  readonly tenantId: string;
  readonly id: string;
  /** Fires when the caller's own signal does, or on `cancel()`. */
  readonly signal: Cancellation;
}

/** The executions that wait or run now. Tenants choose ids without knowing of each other. */
export class RunningExecutions {
  /** By id; mostly there is one of an id, else one of each of several tenants. */
  readonly #executions = new Map<string, readonly RunningExecution[]>();

  /** @throws JsRuntimeError INVALID_REQUEST for an id that the tenant uses already, and a signal that is none */
  begin(tenantId: string, id: string, callerSignal?: AbortSignal): RunningExecution {
    const same = this.#executions.get(id);
    if (same?.some((one) => one.tenantId === tenantId)) {
      throw new JsRuntimeError('INVALID_REQUEST', `executionId ${id} is in use by an execution that has not ended`);
    }
    if (callerSignal !== undefined && !(callerSignal instanceof AbortSignal)) {
      throw new JsRuntimeError('INVALID_REQUEST', 'signal must be an AbortSignal');
    }
    const execution = { tenantId, id, signal: new Cancellation(callerSignal) };
    this.#executions.set(id, same ? [...same, execution] : [execution]);
    return execution;
  }

  end(execution: RunningExecution): void {
    const { id, signal } = execution;
    signal.end();
    const others = this.#executions.get(id)?.filter((one) => one !== execution) ?? [];
    if (others.length > 0) this.#executions.set(id, others);
    else this.#executions.delete(id);
  }

  /** Cancels the tenant's execution of that id. False when there is none. */
  cancel(tenantId: string, id: string): boolean {
    const execution = this.#executions.get(id)?.find((one) => one.tenantId === tenantId);
    execution?.signal.cancel();
    return execution !== undefined;
  }

  /** Cancels every tenant's execution of that id. False when there is none. */
  cancelForAll(id: string): boolean {
    const executions = this.#executions.get(id) ?? [];
    for (const { signal } of executions) signal.cancel();
    return executions.length > 0;
  }
}

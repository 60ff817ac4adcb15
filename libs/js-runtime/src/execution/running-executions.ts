import { Cancellation } from '../admission/cancellation.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';

export interface RunningExecution {
  readonly tenantId: string;
  readonly id: string;
  /** Fires when the caller's own signal does, or on `cancel()`. */
  readonly signal: Cancellation;
}

/** Those of one id are a list: one, mostly, else one of each of several tenants. */
interface Listed extends RunningExecution {
  next: Listed | undefined;
}

/** The executions that wait or run now. Tenants choose ids without knowing of each other. */
export class RunningExecutions {
  readonly #firsts = new Map<string, Listed>();

  /** @throws JsRuntimeError INVALID_REQUEST for an id that the tenant uses already, and a signal that is none */
  begin(tenantId: string, id: string, callerSignal?: AbortSignal): RunningExecution {
    if (this.#find(tenantId, id)) {
      throw new JsRuntimeError('INVALID_REQUEST', `executionId ${id} is in use by an execution that has not ended`);
    }
    if (callerSignal !== undefined && !(callerSignal instanceof AbortSignal)) {
      throw new JsRuntimeError('INVALID_REQUEST', 'signal must be an AbortSignal');
    }
    const execution = { tenantId, id, signal: new Cancellation(callerSignal), next: this.#firsts.get(id) };
    this.#firsts.set(id, execution);
    return execution;
  }

  end(execution: RunningExecution): void {
    const { id, signal } = execution;
    signal.end();
    const first = this.#firsts.get(id);
    if (first !== execution) {
      for (let one = first; one; one = one.next) if (one.next === execution) one.next = one.next.next;
    } else if (first.next) {
      this.#firsts.set(id, first.next);
    } else {
      this.#firsts.delete(id);
    }
  }

  /** Cancels the tenant's execution of that id. False when there is none. */
  cancel(tenantId: string, id: string): boolean {
    const execution = this.#find(tenantId, id);
    execution?.signal.cancel();
    return execution !== undefined;
  }

  /** Cancels every tenant's execution of that id. False when there is none. */
  cancelForAll(id: string): boolean {
    const first = this.#firsts.get(id);
    for (let one = first; one; one = one.next) one.signal.cancel();
    return first !== undefined;
  }

  #find(tenantId: string, id: string): RunningExecution | undefined {
    let one = this.#firsts.get(id);
    while (one && one.tenantId !== tenantId) one = one.next;
    return one;
  }
}

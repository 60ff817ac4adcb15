import { randomUUID } from 'node:crypto';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';

export interface RunningExecution {
  readonly id: string;
  /** Fires when the caller's own signal does, or on `cancel()`. */
  readonly signal: AbortSignal;
}

const ID_RULE = /^[\w.:-]{1,128}$/;

/** The executions that wait or run now, by id. */
export class RunningExecutions {
  readonly #controllers = new Map<string, AbortController>();

  /** @throws JsRuntimeError INVALID_REQUEST for an id that is malformed or in use */
  begin(id: string = randomUUID(), callerSignal?: AbortSignal): RunningExecution {
    if (!ID_RULE.test(id)) {
      throw new JsRuntimeError('INVALID_REQUEST', 'executionId must have 1 to 128 letters, digits or any of _ . : -');
    }
    if (this.#controllers.has(id)) {
      throw new JsRuntimeError('INVALID_REQUEST', `executionId ${id} is in use by an execution that has not ended`);
    }
    const controller = new AbortController();
    this.#controllers.set(id, controller);
    const signal = callerSignal ? AbortSignal.any([callerSignal, controller.signal]) : controller.signal;
    return { id, signal };
  }

  end({ id }: RunningExecution): void {
    this.#controllers.delete(id);
  }

  cancel(id: string): boolean {
    const controller = this.#controllers.get(id);
    controller?.abort();
    return controller !== undefined;
  }
}

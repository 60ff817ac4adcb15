import { Cancellation } from '../admission/cancellation.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';

export interface RunningExecution {
  readonly tenantId: string;
  readonly id: string;
  /** Fires when the caller's own signal does, or on `cancel()`. */
  readonly signal: Cancellation;
}

/** Part of a list. */
interface Listed extends RunningExecution {
  /** Of those of one id: one, mostly, else one of each of several tenants. Or of those whose id is random. */
  next: Listed | undefined;
  /** Of those whose id is random. */
  previous: Listed | undefined;
  readonly isRandom: boolean;
}

/** The executions that wait or run now. Tenants choose ids without knowing of each other. */
export class RunningExecutions {
  readonly #chosen = new Map<string, Listed>();
  /** Not by their ids: hardly any is ever asked for, and to hash a new string takes longer than all else here. */
  #random: Listed | undefined;

  /**
   * @param isRandom whether the id was made here: nobody has had it before
   * @throws JsRuntimeError INVALID_REQUEST for an id that the tenant uses already, and a signal that is none
   */
  begin(tenantId: string, id: string, callerSignal?: AbortSignal, isRandom = false): RunningExecution {
    if (!isRandom && this.#withId(id).some((one) => one.tenantId === tenantId)) {
      throw new JsRuntimeError('INVALID_REQUEST', `executionId ${id} is in use by an execution that has not ended`);
    }
    if (callerSignal !== undefined && !(callerSignal instanceof AbortSignal)) {
      throw new JsRuntimeError('INVALID_REQUEST', 'signal must be an AbortSignal');
    }
    const next = isRandom ? this.#random : this.#chosen.get(id);
    const signal = new Cancellation(callerSignal);
    const execution: Listed = { tenantId, id, signal, next, previous: undefined, isRandom };
    if (next) next.previous = execution;
    this.#begins(execution, execution);
    return execution;
  }

  end(execution: RunningExecution): void {
    const ended = execution as Listed;
    const { signal, next, previous } = ended;
    signal.end();
    if (next) next.previous = previous;
    if (previous) previous.next = next;
    else this.#begins(ended, next);
    // Else one that V8 has made old keeps all that came after it, until a collection of the whole heap.
    ended.next = ended.previous = undefined;
  }

  /** Cancels the tenant's execution of that id. False when there is none. */
  cancel(tenantId: string, id: string): boolean {
    const execution = this.#withId(id).find((one) => one.tenantId === tenantId);
    execution?.signal.cancel();
    return execution !== undefined;
  }

  /** Cancels every tenant's execution of that id. False when there is none. */
  cancelForAll(id: string): boolean {
    const all = this.#withId(id);
    for (const one of all) one.signal.cancel();
    return all.length > 0;
  }

  /** Its list begins with this one now. */
  #begins({ id, isRandom }: Listed, first: Listed | undefined): void {
    if (isRandom) this.#random = first;
    else if (first) this.#chosen.set(id, first);
    else this.#chosen.delete(id);
  }

  #withId(id: string): RunningExecution[] {
    const found: RunningExecution[] = [];
    for (let one = this.#chosen.get(id); one; one = one.next) found.push(one);
    for (let one = this.#random; one; one = one.next) if (one.id === id) found.push(one);
    return found;
  }
}

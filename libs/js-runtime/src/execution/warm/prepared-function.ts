import { JsRuntimeError } from '../../errors/js-runtime-error.ts';
import type { ExecuteOptions } from '../execute-options.ts';
import type { ExecutionResult } from '../execution-result.ts';

export type InvokeOptions = Pick<ExecuteOptions, 'executionId' | 'limits' | 'signal'>;

export interface PreparedFunctionStats {
  /** Invocations that have ended, and of these those that have failed. */
  readonly invocations: number;
  readonly failures: number;
  /** Those that wait or run now. */
  readonly inFlight: number;
}

type Invoke = (input: unknown, options: InvokeOptions) => Promise<ExecutionResult>;

/** A function of a tenant that was compiled once and is called many times, in a realm that is kept. */
export class PreparedFunction<Input = unknown, Value = unknown> {
  readonly #invoke: Invoke;
  readonly #forget: () => void;
  #invocations = 0;
  #failures = 0;
  #inFlight = 0;
  #disposed: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  /** @param forget lets the realms go */
  constructor(invoke: Invoke, forget: () => void) {
    this.#invoke = invoke;
    this.#forget = forget;
  }

  /**
   * Calls it, for the tenant that it was prepared for.
   *
   * @throws JsRuntimeError as `execute`; INVALID_REQUEST when it has been disposed of
   */
  async invoke(input?: Input, options: InvokeOptions = {}): Promise<ExecutionResult<Value>> {
    if (this.#disposed) throw new JsRuntimeError('INVALID_REQUEST', 'The prepared function has been disposed of');
    this.#inFlight++;
    try {
      return (await this.#invoke(input, options)) as ExecutionResult<Value>;
    } catch (error) {
      this.#failures++;
      throw error;
    } finally {
      this.#invocations++;
      this.#inFlight--;
      if (this.#inFlight === 0) this.#onIdle?.();
    }
  }

  stats(): PreparedFunctionStats {
    return { invocations: this.#invocations, failures: this.#failures, inFlight: this.#inFlight };
  }

  /** Lets its realms go when what is under way has ended. Calls that come later are refused. */
  dispose(): Promise<void> {
    return (this.#disposed ??= this.#dispose());
  }

  async #dispose(): Promise<void> {
    if (this.#inFlight > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    this.#forget();
  }
}

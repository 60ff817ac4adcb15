import type { ResourceLimits } from '../config/limits.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';

/** The calls of host APIs that one execution makes, by what they cost. */
export class ApiCalls {
  #total = 0;
  #inFlight = 0;

  constructor(private readonly limits: Pick<ResourceLimits, 'maxApiCalls' | 'maxApiCallsInFlight'>) {}

  /** What the calls have cost that were let through, whatever came of them. */
  get total(): number {
    return this.#total;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Lets one more call through. A call that is refused is not counted.
   *
   * @param cost what it takes of `maxApiCalls`
   * @returns to be called once when the call has been answered; calling it again does nothing
   * @throws JsRuntimeError API_CALL_LIMIT_EXCEEDED
   */
  begin(cost = 1): () => void {
    const { maxApiCalls, maxApiCallsInFlight } = this.limits;
    const total = this.#total + cost;
    if (total > maxApiCalls) {
      const message = `The script may make ${maxApiCalls} API calls, by their cost, and has made them`;
      throw exceeded('maxApiCalls', maxApiCalls, total, message);
    }
    if (this.#inFlight >= maxApiCallsInFlight) {
      const message = `The script may have ${maxApiCallsInFlight} API calls under way, and has as many`;
      throw exceeded('maxApiCallsInFlight', maxApiCallsInFlight, maxApiCallsInFlight + 1, message);
    }
    this.#total = total;
    this.#inFlight++;
    let isOver = false;
    return () => {
      if (!isOver) this.#inFlight--;
      isOver = true;
    };
  }
}

function exceeded(name: string, allowed: number, used: number, message: string): JsRuntimeError {
  return new JsRuntimeError('API_CALL_LIMIT_EXCEEDED', message, { limit: { name, allowed, used } });
}

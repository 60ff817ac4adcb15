import type { ResourceLimits } from '../config/limits.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';

/** The calls of host APIs that one execution makes. */
export class ApiCalls {
  #total = 0;
  #inFlight = 0;

  constructor(private readonly limits: Pick<ResourceLimits, 'maxApiCalls' | 'maxApiCallsInFlight'>) {}

  /** Calls that were let through. */
  get total(): number {
    return this.#total;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Lets one more call through. A call that is refused is not counted.
   *
   * @returns to be called once when the call has been answered; calling it again does nothing
   * @throws JsRuntimeError API_CALL_LIMIT_EXCEEDED
   */
  begin(): () => void {
    const { maxApiCalls, maxApiCallsInFlight } = this.limits;
    if (this.#total >= maxApiCalls) {
      throw exceeded('maxApiCalls', maxApiCalls, `The script may make ${maxApiCalls} API calls, and has made them`);
    }
    if (this.#inFlight >= maxApiCallsInFlight) {
      const message = `The script may have ${maxApiCallsInFlight} API calls under way, and has as many`;
      throw exceeded('maxApiCallsInFlight', maxApiCallsInFlight, message);
    }
    this.#total++;
    this.#inFlight++;
    let isOver = false;
    return () => {
      if (!isOver) this.#inFlight--;
      isOver = true;
    };
  }
}

function exceeded(name: string, allowed: number, message: string): JsRuntimeError {
  return new JsRuntimeError('API_CALL_LIMIT_EXCEEDED', message, { limit: { name, allowed, used: allowed + 1 } });
}

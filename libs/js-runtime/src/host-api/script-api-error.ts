import { ERROR_CODES } from '../errors/error-codes.ts';
import type { JsonObject } from '../tenancy/tenant-context.ts';

const CODE_RULE = /^[A-Z][A-Z0-9_]{0,63}$/;

export interface ScriptApiErrorOptions extends ErrorOptions {
  /** Whether the script tried what its tenant must not: the audit sink is told. Default false. */
  readonly isDenial?: boolean;
}

/**
 * What a method of a host API throws to tell the script what is wrong: the script catches an error with this `code`, `message`
 * and `details`. Everything else that a method throws stays in the backend's log, and the script gets `API_CALL_FAILED`.
 */
export class ScriptApiError extends Error {
  override readonly name = 'ScriptApiError';
  readonly isDenial: boolean;

  /**
   * @param code the API's own, in capitals: `ORDER_NOT_FOUND`
   * @param message for the script's author; nothing in it may be a secret
   * @param details JSON, for the script to act on
   * @throws TypeError for a code that is malformed, or one of the runtime's
   */
  constructor(
    readonly code: string,
    message: string,
    readonly details?: JsonObject,
    options: ScriptApiErrorOptions = {},
  ) {
    super(message, options);
    this.isDenial = options.isDenial ?? false;
    if (CODE_RULE.test(code) && !Object.hasOwn(ERROR_CODES, code)) return;
    throw new TypeError(
      `${code} cannot be the code of a ScriptApiError: capitals, digits and _, and none of the runtime's own`,
    );
  }
}

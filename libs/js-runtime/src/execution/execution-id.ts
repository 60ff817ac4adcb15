import { randomUUID } from 'node:crypto';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';

/** What an execution may be called: what fits into URLs and logs as it is. `.` and `..` mean something else in an URL. */
export const EXECUTION_ID_RULE = /^(?!\.{1,2}$)[\w.:-]{1,128}$/;
export const EXECUTION_ID_RULE_TEXT = 'must have 1 to 128 letters, digits or any of _ . : -, and not be . or ..';

/** The id that was asked for, or else a random one. @throws JsRuntimeError INVALID_REQUEST when it is malformed */
export function executionIdOf(requested: string | undefined): string {
  if (requested === undefined) return randomUUID();
  if (typeof requested === 'string' && EXECUTION_ID_RULE.test(requested)) return requested;
  throw new JsRuntimeError('INVALID_REQUEST', `executionId ${EXECUTION_ID_RULE_TEXT}`);
}

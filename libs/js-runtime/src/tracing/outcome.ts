import { ERROR_CODES } from '../errors/error-codes.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { ApiCallOutcome } from '../metrics/api-call-metrics.ts';
import type { ExecutionOutcome } from '../metrics/execution-metrics.ts';

/**
 * What became of what a span is of. `INTERNAL_ERROR`: an error that is none of this library's, as of a setup function. `API_ERROR`:
 * a host API's own `ScriptApiError`.
 */
export type Outcome = ExecutionOutcome | ApiCallOutcome;

export function outcomeOf(error: unknown): ExecutionOutcome {
  return error instanceof JsRuntimeError ? error.code : 'INTERNAL_ERROR';
}

/** Whether somebody of the backend should look into it. What a script does wrong, its author is told. */
export function isOurs(outcome: Outcome): boolean {
  if (outcome === 'OK' || outcome === 'API_ERROR') return false;
  return outcome === 'INTERNAL_ERROR' || ERROR_CODES[outcome].status >= 500;
}

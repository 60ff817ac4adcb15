import type { ErrorCode } from '../errors/error-codes.ts';

/** The runtime's own codes that a call of a host API can fail with, for the authors of scripts. */
export const RUNTIME_ERROR_CODES = {
  PERMISSION_DENIED: 'The script may not call this.',
  API_CALL_INVALID: 'The arguments break the rules of the API, are no JSON, or are too large.',
  API_CALL_LIMIT_EXCEEDED: 'There were too many calls, or too many at a time.',
  API_CALL_TIMED_OUT: 'It took longer than it may; it may have had effects.',
  API_CALL_FAILED: 'It failed, and it is not for the script to know why; it may have had effects.',
  API_RESULT_TOO_LARGE: 'What it gave is larger than allowed; it had its effects.',
} as const satisfies Partial<Record<ErrorCode, string>>;

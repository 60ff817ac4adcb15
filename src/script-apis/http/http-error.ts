import { ScriptApiError } from 'nestjs-js-runtime';

export type HttpErrorCode =
  | 'HTTP_URL_INVALID'
  | 'HTTP_REQUEST_INVALID'
  | 'HTTP_HOST_NOT_ALLOWED'
  | 'HTTP_ADDRESS_NOT_ALLOWED'
  | 'HTTP_REQUEST_TOO_LARGE'
  | 'HTTP_RESPONSE_TOO_LARGE'
  | 'HTTP_TOO_MANY_REDIRECTS'
  | 'HTTP_TIMEOUT'
  | 'HTTP_FAILED';

/** What an operator wants to hear of: somebody tries where he must not go. */
const DENIALS: readonly HttpErrorCode[] = ['HTTP_HOST_NOT_ALLOWED', 'HTTP_ADDRESS_NOT_ALLOWED'];

/** An error for the script. Scripts read its message: no address that a name was resolved to may be in it. */
export function httpError(code: HttpErrorCode, message: string): ScriptApiError {
  return new ScriptApiError(code, message, undefined, { isDenial: DENIALS.includes(code) });
}

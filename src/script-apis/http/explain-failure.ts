import { ScriptApiError } from 'nestjs-js-runtime';
import { httpError, type HttpErrorCode } from './http-error.ts';
import { HTTP_LIMITS } from './http-limits.ts';
import { ResponseTooLargeError } from './response-too-large.error.ts';

/** What failed, for scripts: in our own words, as those of Node name addresses. */
export function explainFailure(error: unknown, maxResponseBytes: number): ScriptApiError {
  if (error instanceof ScriptApiError) return error;
  if (error instanceof ResponseTooLargeError) return responseTooLarge(maxResponseBytes);
  const code = codeOf(error);
  switch (code) {
    case 'UND_ERR_RES_EXCEEDED_MAX_SIZE':
      return responseTooLarge(maxResponseBytes);
    case 'UND_ERR_HEADERS_OVERFLOW':
    case 'HPE_HEADER_OVERFLOW':
      return httpError(
        'HTTP_RESPONSE_TOO_LARGE',
        `The headers of the response are larger than ${HTTP_LIMITS.maxResponseHeaderBytes} bytes`,
      );
    case 'ABORT_ERR':
      return failed(`There was no connection within ${HTTP_LIMITS.connectTimeoutMs} ms`, 'HTTP_TIMEOUT');
    case 'ECONNREFUSED':
      return failed('The connection was refused');
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return failed('The connection was closed before the response was complete');
    default:
      if (code.startsWith('HPE_')) return failed('What came back is not HTTP/1.1');
      if (/^(CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(code)) {
        return failed('The certificate of the host is not one to trust');
      }
      if (/^(ERR_SSL_|ERR_TLS_|EPROTO$)/.test(code)) return failed('There is no secure connection to the host');
      return failed('The host could not be reached');
  }
}

function responseTooLarge(maxResponseBytes: number): ScriptApiError {
  return httpError('HTTP_RESPONSE_TOO_LARGE', `The response is larger than ${maxResponseBytes} bytes`);
}

function failed(message: string, code: HttpErrorCode = 'HTTP_FAILED'): ScriptApiError {
  return httpError(code, message);
}

/** Of several addresses, that of the first: Node gives it to what it throws for all of them. */
function codeOf(error: unknown): string {
  const isCoded = typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string';
  return isCoded ? String(error.code) : '';
}

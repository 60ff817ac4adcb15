import type { FetchOptions } from './fetch-schema.ts';
import { httpError } from './http-error.ts';
import { HTTP_LIMITS } from './http-limits.ts';
import type { HttpMethod, HttpRequest } from './http-message.ts';
import { requestHeaders } from './request-headers.ts';

const WITHOUT_BODY: readonly HttpMethod[] = ['GET', 'HEAD', 'OPTIONS'];

/**
 * What is sent for the options of a call.
 *
 * @throws ScriptApiError HTTP_REQUEST_INVALID, HTTP_REQUEST_TOO_LARGE
 */
export function httpRequest({ method, headers, body }: Omit<FetchOptions, 'timeoutMs'>): HttpRequest {
  if (body !== undefined && WITHOUT_BODY.includes(method)) {
    throw httpError('HTTP_REQUEST_INVALID', `A ${method} request cannot have a body`);
  }
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const { maxRequestBytes } = HTTP_LIMITS;
  if (bytes && bytes.length > maxRequestBytes) {
    throw httpError('HTTP_REQUEST_TOO_LARGE', `The body has ${bytes.length} bytes; allowed are ${maxRequestBytes}`);
  }
  const defaults: [string, string][] = [
    ['accept', '*/*'],
    ['user-agent', 'js-runtime'],
  ];
  if (bytes) defaults.push(['content-type', 'text/plain;charset=UTF-8']);
  return { method, body: bytes, headers: new Map([...defaults, ...requestHeaders(headers)]) };
}

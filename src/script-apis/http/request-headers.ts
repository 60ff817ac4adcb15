import { httpError } from './http-error.ts';
import { HTTP_LIMITS } from './http-limits.ts';
import type { RequestHeaders } from './http-message.ts';

const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
/** Latin-1 without control characters, so no line can be ended. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Of the connection, or of proxies: whoever gets the request takes them for our word. */
const RESERVED: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-real-ip',
]);
const RESERVED_PREFIXES = ['proxy-', 'x-forwarded-'];

/** @throws ScriptApiError HTTP_REQUEST_INVALID, HTTP_REQUEST_TOO_LARGE */
export function requestHeaders(given: Readonly<Record<string, string>>): RequestHeaders {
  const headers = new Map<string, string>();
  let bytes = 0;
  for (const [givenName, value] of Object.entries(given)) {
    const name = givenName.toLowerCase();
    bytes += name.length + value.length;
    const isTooLarge = headers.size >= HTTP_LIMITS.maxRequestHeaders || bytes > HTTP_LIMITS.maxRequestHeaderBytes;
    if (isTooLarge) throw tooLarge();
    if (!NAME.test(name)) throw invalid(`${JSON.stringify(name.slice(0, 100))} cannot be the name of a header`);
    if (isReserved(name)) throw invalid(`The header ${name} cannot be set`);
    if (headers.has(name)) throw invalid(`The header ${name} is there twice`);
    if (!VALUE.test(value)) throw invalid(`The header ${name} has a character that no header can have`);
    headers.set(name, value);
  }
  return headers;
}

function isReserved(name: string): boolean {
  // Whatever passes headers on as variables, as CGI does, makes the two the same.
  const hyphenated = name.replaceAll('_', '-');
  return RESERVED.has(hyphenated) || RESERVED_PREFIXES.some((prefix) => hyphenated.startsWith(prefix));
}

function invalid(message: string): Error {
  return httpError('HTTP_REQUEST_INVALID', message);
}

function tooLarge(): Error {
  const { maxRequestHeaders, maxRequestHeaderBytes } = HTTP_LIMITS;
  return httpError(
    'HTTP_REQUEST_TOO_LARGE',
    `A request can have ${maxRequestHeaders} headers, and ${maxRequestHeaderBytes} bytes of them`,
  );
}

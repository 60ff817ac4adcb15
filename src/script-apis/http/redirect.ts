import type { HttpMethod, HttpRequest, RequestHeaders } from './http-message.ts';
import { parseTarget, type HttpTarget } from './http-target.ts';

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
/** Meant for the origin that the script named, not for one that this sends it to. */
const SECRETS: readonly string[] = ['authorization', 'cookie', 'proxy-authorization'];

export interface Redirect {
  readonly target: HttpTarget;
  readonly request: HttpRequest;
}

export function isRedirect(status: number, location: string | undefined): location is string {
  return REDIRECTS.includes(status) && location !== undefined;
}

/**
 * The request after a response that redirects, as browsers make it. https://fetch.spec.whatwg.org/#http-redirect-fetch
 *
 * @throws ScriptApiError HTTP_URL_INVALID
 */
export function redirected(status: number, location: string, from: HttpTarget, request: HttpRequest): Redirect {
  const target = parseTarget(location, from.url);
  const isSameOrigin = target.url.origin === from.url.origin;
  const method = methodAfter(status, request.method);
  const keepsBody = method === request.method;
  return {
    target,
    request: {
      method,
      body: keepsBody ? request.body : undefined,
      headers: without(
        request.headers,
        (name) => (!isSameOrigin && SECRETS.includes(name)) || (!keepsBody && name.startsWith('content-')),
      ),
    },
  };
}

function methodAfter(status: number, method: HttpMethod): HttpMethod {
  if (status === 303) return method === 'HEAD' ? 'HEAD' : 'GET';
  return (status === 301 || status === 302) && method === 'POST' ? 'GET' : method;
}

function without(headers: RequestHeaders, isLeftOut: (name: string) => boolean): RequestHeaders {
  return new Map([...headers].filter(([name]) => !isLeftOut(name)));
}

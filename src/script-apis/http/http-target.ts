import { parseAddress, type Address } from './address.ts';
import { httpError } from './http-error.ts';
import { HTTP_LIMITS } from './http-limits.ts';
import { isHostName } from './host-name.ts';

export type HttpProtocol = 'http:' | 'https:';

export const DEFAULT_PORTS: Readonly<Record<HttpProtocol, number>> = { 'http:': 80, 'https:': 443 };

/** Where a request goes, with everything about it read once: what is checked is what is connected to. */
export interface HttpTarget {
  /** Without fragment, and without the dot that a host may end with. */
  readonly url: URL;
  readonly protocol: HttpProtocol;
  /** A name in lower case, or an address without brackets. */
  readonly host: string;
  /** Of a host that is an address, in whatever way it was written. */
  readonly address: Address | undefined;
  readonly port: number;
}

/**
 * Reads a URL as browsers do, so `https://0x7f.1/` is 127.0.0.1.
 *
 * @param base what a relative URL is relative to; without one, only absolute URLs are taken
 * @throws ScriptApiError HTTP_URL_INVALID
 */
export function parseTarget(text: string, base?: URL): HttpTarget {
  const url = text.length > HTTP_LIMITS.maxUrlLength ? null : URL.parse(text, base);
  if (!url || url.href.length > HTTP_LIMITS.maxUrlLength) {
    throw httpError(
      'HTTP_URL_INVALID',
      `The URL must be absolute and have up to ${HTTP_LIMITS.maxUrlLength} characters`,
    );
  }
  const { protocol } = url;
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw httpError('HTTP_URL_INVALID', 'The URL must begin with https:// or http://');
  }
  if (url.username !== '' || url.password !== '') {
    throw httpError('HTTP_URL_INVALID', 'The URL must have no user name and no password: send them in a header');
  }
  url.hash = '';
  if (url.hostname.endsWith('.')) url.hostname = url.hostname.slice(0, -1);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const address = parseAddress(host);
  if (!address && !isHostName(host))
    throw httpError('HTTP_URL_INVALID', 'The URL must have the name of a host, or an address');
  return { url, protocol, host, address, port: url.port === '' ? DEFAULT_PORTS[protocol] : Number(url.port) };
}

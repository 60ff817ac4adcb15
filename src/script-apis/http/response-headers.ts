import type { IncomingHttpHeaders } from 'node:http';

/** A cookie can have a comma in it, so these are not joined by one. */
const SET_COOKIE = 'set-cookie';
/** No header anybody means, and a trap for whoever copies the object. */
const IGNORED = '__proto__';

/** Headers by name, in lower case. Several of one name are joined by `, `, those of `set-cookie` by a line feed. */
export function responseHeaders(received: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const headers = Object.entries(received).filter(([name]) => name !== IGNORED);
  return Object.fromEntries(headers.map(([name, value = '']) => [name, joined(name, value)]));
}

function joined(name: string, value: string | readonly string[]): string {
  return typeof value === 'string' ? value : value.join(name === SET_COOKIE ? '\n' : ', ');
}

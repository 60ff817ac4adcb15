import { fetchOptions } from './fetch-schema.ts';
import type { HttpRequest } from './http-message.ts';
import { httpRequest } from './http-request.ts';

const requestOf = (options: object): HttpRequest => httpRequest(fetchOptions.parse(options));
const headersOf = (headers: object): object => Object.fromEntries(requestOf({ headers }).headers);

describe('A request of a script', () => {
  it('is a GET with the headers of every request', () => {
    expect(requestOf({})).toEqual({
      method: 'GET',
      headers: new Map([
        ['accept', '*/*'],
        ['user-agent', 'js-runtime'],
      ]),
      body: undefined,
    });
  });

  it('has text for a body, unless it says otherwise', () => {
    const { body, headers } = requestOf({ method: 'POST', body: 'grüß' });
    expect(body).toEqual(Buffer.from('grüß'));
    expect(headers.get('content-type')).toBe('text/plain;charset=UTF-8');
    const json = requestOf({ method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } });
    expect(json.headers.get('content-type')).toBe('application/json');
  });

  it.each(['GET', 'HEAD', 'OPTIONS'])('has no body with %s', (method) => {
    expect(() => requestOf({ method, body: '' })).toThrow(`A ${method} request cannot have a body`);
  });

  it('has headers in lower case, and may replace what every request has', () => {
    expect(headersOf({ Accept: 'text/html', 'USER-agent': 'mine', Authorization: 'Bearer ü' })).toEqual({
      accept: 'text/html',
      'user-agent': 'mine',
      authorization: 'Bearer ü',
    });
  });

  it.each([
    'Host',
    'CONNECTION',
    'Content-Length',
    'transfer-encoding',
    'Upgrade',
    'HTTP2-Settings',
    'Expect',
    'TE',
    'Trailer',
    'Keep-Alive',
    'Proxy-Authorization',
    'proxy-connection',
    'Accept-Encoding',
    'Forwarded',
    'X-Forwarded-For',
    'Via',
    'X-Real-IP',
    'X_Forwarded_For',
    'content_length',
  ])('cannot set the header %s', (name) => {
    expect(() => headersOf({ [name]: 'x' })).toThrow(`The header ${name.toLowerCase()} cannot be set`);
  });

  it.each(['', 'a b', 'a:', 'a\r\nb', 'ü', 'a\0', '(a)', ' host', 'host '])('cannot have a header named %j', (name) => {
    const invalid = expect.objectContaining({ code: 'HTTP_REQUEST_INVALID' }) as Error;
    expect(() => headersOf({ [name]: 'x' })).toThrow(invalid);
  });

  it.each(['a\r\nHost: evil.test', 'a\nb', 'a\rb', 'a\0', '\u2028', '\u010a', '\x7f'])(
    'cannot have a header of value %j',
    (value) => {
      const invalid = expect.objectContaining({ code: 'HTTP_REQUEST_INVALID' }) as Error;
      expect(() => headersOf({ 'x-mine': value })).toThrow(invalid);
    },
  );

  it('cannot have a header twice', () => {
    expect(() => headersOf({ 'X-Mine': '1', 'x-mine': '2' })).toThrow('The header x-mine is there twice');
  });

  it('cannot be larger than it may', () => {
    const tooLarge = expect.objectContaining({ code: 'HTTP_REQUEST_TOO_LARGE' }) as Error;
    const names = Array.from({ length: 65 }, (_, index) => `x-${index}`);
    expect(() => headersOf(Object.fromEntries(names.map((name) => [name, ''])))).toThrow(tooLarge);
    expect(() => headersOf({ 'x-mine': 'x'.repeat(16 * 1024) })).toThrow(tooLarge);
    expect(() => requestOf({ method: 'PUT', body: 'ü'.repeat(512 * 1024) + 'x' })).toThrow(tooLarge);
    expect(requestOf({ method: 'PUT', body: 'ü'.repeat(512 * 1024) }).body).toHaveLength(1024 * 1024);
  });

  it.each([
    [{ body: { a: 1 } }, 'must be a string; JSON.stringify() makes one of an object'],
    [{ body: [1] }, 'must be a string; JSON.stringify() makes one of an object'],
    [{ method: 'CONNECT' }, 'Invalid option'],
    [{ method: 'TRACE' }, 'Invalid option'],
    [{ method: 'get' }, 'Invalid option'],
    [{ timeoutMs: 0 }, 'Too small'],
    [{ timeoutMs: 30_001 }, 'Too big'],
    [{ headers: { a: 1 } }, 'expected string'],
    [{ redirect: 'manual' }, 'Unrecognized key'],
  ])('cannot be %j', (options, message) => {
    expect(() => requestOf(options)).toThrow(message);
  });
});

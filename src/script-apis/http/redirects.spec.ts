import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpFetcher } from '../../../test/support/http-fetcher.ts';
import {
  startHttpServer,
  startHttpsServer,
  TEST_CERTIFICATE,
  type TestServer,
} from '../../../test/support/http-server.ts';
import type { HttpMethod } from './http-message.ts';

/** What came to the server, with bodies. */
interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

describe('Redirects', () => {
  let server: TestServer;
  let seen: Seen[];
  let answer: (request: Seen, response: ServerResponse) => void;

  beforeAll(async () => {
    server = await startHttpServer((request, response) => {
      void request.toArray().then((chunks: Buffer[]) => {
        const { method, url, headers } = request;
        const body = Buffer.concat(chunks).toString();
        seen.push({ method, url, headers, body });
        answer({ method, url, headers, body }, response);
      });
    });
  });
  afterAll(() => server.close());
  beforeEach(() => {
    seen = [];
  });

  const redirect = (response: ServerResponse, location: string, status = 302): void => {
    response.writeHead(status, { location }).end('a body that nobody reads');
  };
  const LOCAL = [['127.0.0.1']];
  const fetcher = (dns: Readonly<Record<string, readonly (readonly string[])[]>> = {}): HttpFetcher =>
    new HttpFetcher({
      allow: [`http://127.0.0.1:${server.port}`, `http://*.test:${server.port}`],
      dns: { 'a.test': LOCAL, 'b.test': LOCAL, ...dns },
    });
  const urlOf = (path: string, host = 'a.test'): string => `http://${host}:${server.port}${path}`;

  it('are followed, also relative ones', async () => {
    answer = ({ url }, response) => {
      if (url === '/one/two?three') redirect(response, './four#five');
      else response.end('here');
    };
    expect(await fetcher().fetch(urlOf('/one/two?three#six'))).toMatchObject({
      status: 200,
      url: urlOf('/one/four'),
      redirected: true,
      body: 'here',
    });
  });

  it.each<readonly [number, HttpMethod, HttpMethod]>([
    [301, 'GET', 'GET'],
    [301, 'POST', 'GET'],
    [301, 'PUT', 'PUT'],
    [302, 'HEAD', 'HEAD'],
    [302, 'POST', 'GET'],
    [302, 'DELETE', 'DELETE'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [307, 'POST', 'POST'],
    [307, 'GET', 'GET'],
    [308, 'POST', 'POST'],
    [308, 'PATCH', 'PATCH'],
  ])('of status %i make a %s request a %s request', async (status, method, next) => {
    answer = ({ url }, response) => {
      if (url === '/') redirect(response, '/next', status);
      else response.end();
    };
    const body = method === 'GET' || method === 'HEAD' ? undefined : Buffer.from('{}');
    const headers = new Map([
      ['x-mine', '1'],
      ['content-type', 'application/json'],
    ]);
    await fetcher().fetch(urlOf('/'), { method, body, headers });
    const keepsBody = method === next;
    expect(seen.map((request) => request.method)).toEqual([method, next]);
    expect(seen[1]).toMatchObject({ body: keepsBody && body ? '{}' : '', headers: { 'x-mine': '1' } });
    expect(seen[1]?.headers['content-type']).toBe(keepsBody ? 'application/json' : undefined);
  });

  it('take no secrets to another origin, nor back', async () => {
    answer = ({ url }, response) => {
      if (url === '/') redirect(response, '/same');
      else if (url === '/same') redirect(response, urlOf('/other', 'b.test'));
      else if (url === '/other') redirect(response, urlOf('/back'));
      else response.end();
    };
    const headers = new Map([
      ['authorization', 'Bearer secret'],
      ['cookie', 'session=secret'],
      ['x-mine', '1'],
    ]);
    await fetcher().fetch(urlOf('/'), { headers });
    expect(seen.map((request) => [request.url, request.headers.authorization, request.headers.cookie])).toEqual([
      ['/', 'Bearer secret', 'session=secret'],
      ['/same', 'Bearer secret', 'session=secret'],
      ['/other', undefined, undefined],
      ['/back', undefined, undefined],
    ]);
    expect(seen.map((request) => request.headers['x-mine'])).toEqual(['1', '1', '1', '1']);
  });

  it.each([
    ['http://127.0.0.2:PORT/', 'HTTP_HOST_NOT_ALLOWED'],
    ['//127.0.0.2:PORT/', 'HTTP_HOST_NOT_ALLOWED'],
    ['http://[::1]:PORT/', 'HTTP_HOST_NOT_ALLOWED'],
    ['http://0x7f000002:PORT/', 'HTTP_HOST_NOT_ALLOWED'],
    ['http://inside.test:PORT/', 'HTTP_ADDRESS_NOT_ALLOWED'],
    ['http://169.254.169.254/latest/meta-data/', 'HTTP_HOST_NOT_ALLOWED'],
    ['http://other.example:PORT/', 'HTTP_HOST_NOT_ALLOWED'],
    ['http://user@a.test:PORT/', 'HTTP_URL_INVALID'],
    ['file:///etc/passwd', 'HTTP_URL_INVALID'],
    ['javascript:1', 'HTTP_URL_INVALID'],
    ['data:text/plain,1', 'HTTP_URL_INVALID'],
    ['http://', 'HTTP_URL_INVALID'],
  ])('to %s are refused', async (location, code) => {
    answer = (_, response) => {
      redirect(response, location.replace('PORT', String(server.port)));
    };
    const refused = fetcher({ 'inside.test': [['127.0.0.2', '::1', '10.0.0.1']] }).fetch(urlOf('/'));
    await expect(refused).rejects.toMatchObject({ code });
    expect(seen).toHaveLength(1);
  });

  it('to the same host are refused when its address has turned into one that is not allowed', async () => {
    answer = (_, response) => {
      redirect(response, '/again');
    };
    const rebinding = fetcher({ 'rebind.test': [['127.0.0.1'], ['127.0.0.1'], ['127.0.0.2']] });
    const refused = rebinding.fetch(urlOf('/', 'rebind.test'));
    await expect(refused).rejects.toMatchObject({ code: 'HTTP_ADDRESS_NOT_ALLOWED' });
    expect(rebinding.resolver.asked).toEqual(['rebind.test', 'rebind.test', 'rebind.test']);
    expect(seen).toHaveLength(2);
  });

  it('are followed five times, and not six', async () => {
    answer = ({ url }, response) => {
      const left = Number(url?.slice(1));
      if (left === 0) response.end('here');
      else redirect(response, `/${left - 1}`);
    };
    expect(await fetcher().fetch(urlOf('/5'))).toMatchObject({ body: 'here' });
    await expect(fetcher().fetch(urlOf('/6'))).rejects.toMatchObject({ code: 'HTTP_TOO_MANY_REDIRECTS' });
  });

  it.each([300, 304, 201])('are none with status %i', async (status) => {
    answer = (_, response) => {
      response.writeHead(status, { location: '/next' }).end();
    };
    expect(await fetcher().fetch(urlOf('/'))).toMatchObject({ status, redirected: false, url: urlOf('/') });
  });

  it('are none without a location', async () => {
    answer = (_, response) => {
      response.writeHead(302).end('nowhere');
    };
    expect(await fetcher().fetch(urlOf('/'))).toMatchObject({ status: 302, body: 'nowhere' });
  });

  it('from https to http are refused, unless plain http is listed', async () => {
    const secure = await startHttpsServer((_, response) => {
      redirect(response, urlOf('/plain'));
    });
    answer = (_, response) => response.end('plain');
    try {
      const names = ['*', `*:${secure.port}`, `127.0.0.1:${secure.port}`];
      const options = { dns: { 'secure.test': LOCAL, 'a.test': LOCAL }, ca: TEST_CERTIFICATE };
      const url = `https://secure.test:${secure.port}/`;
      const refused = new HttpFetcher({ ...options, allow: [...names, `127.0.0.1:${server.port}`] }).fetch(url);
      await expect(refused).rejects.toMatchObject({ code: 'HTTP_HOST_NOT_ALLOWED' });
      expect(seen).toHaveLength(0);
      const listed = [`http://a.test:${server.port}`, `http://127.0.0.1:${server.port}`];
      const followed = await new HttpFetcher({ ...options, allow: [...names, ...listed] }).fetch(url);
      expect(followed).toMatchObject({ body: 'plain', url: urlOf('/plain') });
    } finally {
      await secure.close();
    }
  });
});

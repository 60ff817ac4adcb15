import type { TLSSocket } from 'node:tls';
import { HttpFetcher } from '../../../test/support/http-fetcher.ts';
import {
  startHttpServer,
  startHttpsServer,
  TEST_CERTIFICATE,
  type TestServer,
} from '../../../test/support/http-server.ts';

describe('HttpClient', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startHttpServer((request, response) => {
      const { method, url, headers, socket } = request;
      void request.toArray().then((chunks: Buffer[]) => {
        const body = Buffer.concat(chunks).toString();
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ method, url, headers, body, to: socket.localAddress }));
      });
    });
  });
  afterAll(() => server.close());

  const fetcher = (...answers: readonly (readonly string[])[]): HttpFetcher =>
    new HttpFetcher({
      allow: [`http://127.0.0.1:${server.port}`, `http://[::1]:${server.port}`, `http://*.test:${server.port}`],
      dns: { 'a.test': answers },
    });
  const urlOf = (path: string): string => `http://a.test:${server.port}${path}`;

  it('sends a request as it was given', async () => {
    const { status, headers, body } = await fetcher(['127.0.0.1']).fetch(urlOf('//b/../c?d=é#f'), {
      method: 'POST',
      headers: new Map([['x-mine', 'gr\u00fc\u00df']]),
      body: Buffer.from('{"a":1}'),
    });
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'application/json' });
    expect(JSON.parse(body)).toMatchObject({
      method: 'POST',
      url: '//c?d=%C3%A9',
      headers: {
        host: `a.test:${server.port}`,
        'x-mine': 'gr\u00fc\u00df',
        'accept-encoding': 'identity',
        'content-length': '7',
        connection: 'close',
      },
      body: '{"a":1}',
    });
  });

  it('takes any status for an answer, and reads no body of HEAD', async () => {
    const teapot = await startHttpServer((_, response) =>
      response.writeHead(418, { 'content-length': 6 }).end('teapot'),
    );
    try {
      const origin = `http://127.0.0.1:${teapot.port}`;
      const client = new HttpFetcher({ allow: [origin] });
      expect(await client.fetch(origin)).toMatchObject({ status: 418, body: 'teapot', url: `${origin}/` });
      const head = await client.fetch(origin, { method: 'HEAD' });
      expect(head).toMatchObject({ status: 418, body: '', headers: { 'content-length': '6' } });
    } finally {
      await teapot.close();
    }
  });

  it('asks DNS once for a request, and connects to nothing but what it said then', async () => {
    const changing = fetcher(['127.0.0.1'], ['127.0.0.2']);
    const { body } = await changing.fetch(urlOf('/'));
    expect(JSON.parse(body)).toMatchObject({ to: expect.stringMatching(/127\.0\.0\.1$/) as string });
    expect(changing.resolver.asked).toEqual(['a.test']);
    await expect(changing.fetch(urlOf('/'))).rejects.toMatchObject({ code: 'HTTP_ADDRESS_NOT_ALLOWED' });
  });

  it('leaves out the addresses that are not allowed', async () => {
    for (const allowed of ['127.0.0.1', '::1']) {
      const mixed = ['127.0.0.2', '::', '169.254.169.254', allowed, '0.0.0.0', 'fe80::1%lo', '10.0.0.1'];
      const { body } = await fetcher(mixed).fetch(urlOf('/'));
      expect((JSON.parse(body) as { to: string }).to.replace('::ffff:', '')).toBe(allowed);
    }
  });

  it('tries the next address when one does not answer, and not more of them than six', async () => {
    const only = await startHttpServer((_, response) => response.end('here'), '127.0.0.9');
    try {
      const fetch = (...found: string[]): Promise<unknown> =>
        new HttpFetcher({
          allow: [`http://127.0.0.0/8:${only.port}`, `http://*.test:${only.port}`],
          dns: { 'a.test': [found] },
        }).fetch(`http://a.test:${only.port}`);
      expect(await fetch('127.0.0.1', '127.0.0.2', '127.0.0.9')).toMatchObject({ body: 'here' });
      const many = Array.from({ length: 6 }, (_, index) => `127.0.0.${index + 1}`);
      await expect(fetch(...many, '127.0.0.9')).rejects.toMatchObject({
        code: 'HTTP_FAILED',
        message: 'The connection was refused',
      });
    } finally {
      await only.close();
    }
  });

  it('keeps no connection for later', async () => {
    const before = server.connections.length;
    const client = fetcher(['127.0.0.1']);
    for (let turn = 0; turn < 3; turn++) await client.fetch(urlOf('/'));
    expect(server.connections).toHaveLength(before + 3);
    const open = server.connections.filter((socket) => !socket.closed);
    await Promise.all(open.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  });

  it('ends what is under way when the backend shuts down', async () => {
    let shutDown: (() => void) | undefined;
    const silent = await startHttpServer(() => shutDown?.());
    try {
      const origin = `http://127.0.0.1:${silent.port}`;
      const client = new HttpFetcher({ allow: [origin] });
      shutDown = () => {
        client.client.onApplicationShutdown();
      };
      await expect(client.fetch(origin)).rejects.toMatchObject({
        code: 'HTTP_FAILED',
        message: 'The backend is shutting down',
      });
    } finally {
      await silent.close();
    }
  });
});

describe('HttpClient, over TLS', () => {
  let server: TestServer;
  let names: (string | false | null)[];

  beforeAll(async () => {
    server = await startHttpsServer(({ socket }, response) => {
      names.push((socket as TLSSocket & { servername: string | false }).servername);
      response.end('secret');
    });
  });
  afterAll(() => server.close());
  beforeEach(() => {
    names = [];
  });

  const get = (host: string, ca?: string): Promise<unknown> =>
    new HttpFetcher({
      allow: [`*:${server.port}`, `127.0.0.1:${server.port}`],
      dns: { 'secure.test': [['127.0.0.1']], 'other.test': [['127.0.0.1']] },
      ...(ca !== undefined && { ca }),
    }).fetch(`https://${host}:${server.port}/`);
  const untrusted = { code: 'HTTP_FAILED', message: 'The certificate of the host is not one to trust' };

  it('names the host, and wants a certificate of it', async () => {
    expect(await get('secure.test', TEST_CERTIFICATE)).toMatchObject({ body: 'secret' });
    expect(await get('SECURE.test.', TEST_CERTIFICATE)).toMatchObject({ body: 'secret' });
    expect(names).toEqual(['secure.test', 'secure.test']);
  });

  it('takes no certificate of another host, whatever the address', async () => {
    await expect(get('other.test', TEST_CERTIFICATE)).rejects.toMatchObject(untrusted);
    await expect(get('127.0.0.1', TEST_CERTIFICATE)).rejects.toMatchObject(untrusted);
    expect(names).toEqual([]);
  });

  it('takes no certificate of an authority that nobody knows', async () => {
    await expect(get('secure.test')).rejects.toMatchObject(untrusted);
    expect(names).toEqual([]);
  });
});

import { FixedResolver } from '../../../test/support/fixed-resolver.ts';
import { startHttpServer, type TestServer } from '../../../test/support/http-server.ts';
import { HttpClient } from './http-client.ts';
import type { HttpErrorCode } from './http-error.ts';
import type { HttpRequest } from './http-message.ts';
import { HttpRules } from './http-rules.ts';

/** Stands for the port of a server that would answer on any address of this machine. */
const PORT = '65000';
const REQUEST: HttpRequest = { method: 'GET', headers: new Map(), body: undefined };

/** Everything is allowed that can be without naming an address. */
const openRules = (port: number): HttpRules =>
  new HttpRules({
    allow: ['*', 'http://*', `*:${port}`, `http://*:${port}`],
    block: ['blocked.test', '*.blocked.test'],
  });

const DNS: Readonly<Record<string, readonly string[]>> = {
  'loopback.test': ['127.0.0.1'],
  'loopback6.test': ['::1'],
  'mapped.test': ['::ffff:127.0.0.1'],
  'compatible.test': ['::7f00:1'],
  'metadata.test': ['169.254.169.254'],
  'metadata6.test': ['fd00:ec2::254'],
  'private.test': ['10.0.0.1', '172.16.0.1', '192.168.0.1', 'fc00::1'],
  'link-local.test': ['fe80::1%lo'],
  'tunnel.test': ['2002:7f00:1::', '64:ff9b::7f00:1', '2001:0:7f00:1::'],
  'any.test': ['0.0.0.0', '::'],
  'nonsense.test': ['127.1', '0x7f000001', 'loopback.test', ''],
  'blocked.test': ['127.0.0.1'],
  localhost: ['127.0.0.1', '::1'],
  'a.localhost': ['127.0.0.1'],
  '127.0.0.1.nip.test': ['127.0.0.1'],
};

const REFUSED: readonly (readonly [HttpErrorCode, readonly string[]])[] = [
  [
    'HTTP_ADDRESS_NOT_ALLOWED',
    [
      // Loopback, however written.
      `http://127.0.0.1:${PORT}/`,
      `http://127.1:${PORT}/`,
      `http://127.0.1:${PORT}/`,
      `http://127.255.255.254:${PORT}/`,
      `http://2130706433:${PORT}/`,
      `http://0x7f000001:${PORT}/`,
      `http://0x7f.0.0.0x1:${PORT}/`,
      `http://0177.0.0.1:${PORT}/`,
      `http://017700000001:${PORT}/`,
      `http://127.0.0.1.:${PORT}/`,
      `http://127.0.0.1..:${PORT}/`,
      `http://①②⑦.⓪.⓪.①:${PORT}/`,
      `http://127。0。0。1:${PORT}/`,
      `http://%31%32%37.0.0.1:${PORT}/`,
      `http://127.0.\n0.1:${PORT}/`,
      String.raw`http:\\127.0.0.1:${PORT}\ `,
      `http:127.0.0.1:${PORT}/`,
      `https://127.0.0.1:${PORT}/`,
      // This host.
      `http://0:${PORT}/`,
      `http://0.0.0.0:${PORT}/`,
      `http://[::]:${PORT}/`,
      // IPv6.
      `http://[::1]:${PORT}/`,
      `http://[0:0:0:0:0:0:0:1]:${PORT}/`,
      `http://[::ffff:127.0.0.1]:${PORT}/`,
      `http://[::ffff:7f00:1]:${PORT}/`,
      `http://[0:0:0:0:0:ffff:7f00:0001]:${PORT}/`,
      `http://[::127.0.0.1]:${PORT}/`,
      `http://[::ffff:0:127.0.0.1]:${PORT}/`,
      `http://[64:ff9b::127.0.0.1]:${PORT}/`,
      `http://[2002:7f00:1::]:${PORT}/`,
      `http://[2001:0:4136:e378:8000:63bf:80ff:fffe]:${PORT}/`,
      'http://[fe80::1]/',
      'http://[fc00::1]/',
      'http://[fd00:ec2::254]/latest/meta-data/',
      'http://[ff02::1]/',
      'http://[2001:db8::1]/',
      // Metadata of clouds.
      'http://169.254.169.254/latest/meta-data/',
      'http://2852039166/latest/meta-data/',
      'http://0xa9fea9fe/',
      'http://[::ffff:169.254.169.254]/',
      'http://169.254.170.2/v2/credentials',
      'http://100.100.100.200/latest/meta-data/',
      'http://192.0.0.192/latest/',
      'http://168.63.129.16/machine/?comp=goalstate',
      // Private and reserved.
      'http://10.0.0.1/',
      'http://012.1.2.3/',
      'http://172.16.0.1/',
      'http://192.168.0.1/',
      'http://100.64.0.1/',
      'http://198.18.0.1/',
      'http://192.0.2.1/',
      'http://224.0.0.1/',
      'http://255.255.255.255/',
      'http://240.0.0.1/',
      // Names of such addresses.
      `http://localhost:${PORT}/`,
      `http://LOCALHOST.:${PORT}/`,
      `http://a.localhost:${PORT}/`,
      `http://ｌｏｃａｌｈｏｓｔ:${PORT}/`,
      `http://127.0.0.1.nip.test:${PORT}/`,
      ...Object.keys(DNS)
        .filter((host) => host.endsWith('.test') && !host.startsWith('blocked'))
        .map((host) => `http://${host}:${PORT}/`),
      // No such host: in the same words, whatever there is inside.
      `http://missing.test:${PORT}/`,
    ],
  ],
  [
    'HTTP_URL_INVALID',
    [
      '',
      '/path',
      'loopback.test',
      'http://',
      'http:///',
      `http://user@127.0.0.1:${PORT}/`,
      `http://public.test@127.0.0.1:${PORT}/`,
      `http://public.test:secret@127.0.0.1:${PORT}/`,
      `http://public.test%20@127.0.0.1:${PORT}/`,
      `http://127.0.0.1:${PORT}..:80/`,
      'http://127.0.0.256/',
      'http://1.2.3.4.5/',
      'http://0x1ffffffff/',
      'http://[::1%25lo]/',
      'http://[::1',
      'http://a..test/',
      'http://a b/',
      'http://exa"mple.test/',
      'http://a.test:99999/',
      `http://${'a'.repeat(9000)}.test/`,
      `https://a.test/${'ü'.repeat(3000)}`,
      'file:///etc/passwd',
      'ftp://127.0.0.1/',
      'gopher://127.0.0.1:6379/_INFO',
      'data:text/plain,hello',
      'blob:http://127.0.0.1/1',
      'javascript:alert(1)',
      'unix:/var/run/docker.sock',
      'http+unix://%2Fvar%2Frun%2Fdocker.sock/info',
      'ws://127.0.0.1/',
    ],
  ],
  [
    'HTTP_HOST_NOT_ALLOWED',
    [
      'http://public.test:22/',
      'https://public.test:6379/',
      'http://127.0.0.1:2375/',
      'https://public.test:80/',
      'https://blocked.test/',
      'https://BLOCKED.test./',
      'https://a.blocked.test/',
      `http://blocked.test:${PORT}/`,
    ],
  ],
];

describe('A tenant that may send requests to every public host', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startHttpServer((_, response) => response.end('inside'));
  });
  afterAll(() => server.close());

  const get = (url: string, rules = openRules(server.port)): Promise<unknown> => {
    const resolver = new FixedResolver(Object.fromEntries(Object.entries(DNS).map(([host, found]) => [host, [found]])));
    const limits = { signal: new AbortController().signal, timeoutMs: 60_000, maxResponseBytes: 1000 };
    return new HttpClient(resolver).fetch(url.replaceAll(PORT, String(server.port)), REQUEST, rules, limits);
  };

  it.each(REFUSED.flatMap(([code, urls]) => urls.map((url) => [url, code] as const)))(
    'gets nothing from %j',
    async (url, code) => {
      await expect(get(url)).rejects.toMatchObject({ code, message: expect.not.stringContaining('inside') as string });
      expect(server.connections).toHaveLength(0);
    },
  );

  it('is told no more of a private host than of one that does not exist', async () => {
    const messageOf = (host: string): Promise<string> =>
      get(`http://${host}.test`).then(String, (error: unknown) => (error as Error).message.replace(host, 'HOST'));
    const missing = await messageOf('missing');
    expect(missing).toBe('http://HOST.test has no address that may be connected to');
    for (const host of ['loopback', 'private', 'metadata']) expect(await messageOf(host)).toBe(missing);
  });

  it('would have got something, had the address been allowed: the table is not about a server that is not there', async () => {
    const allow = ['127.0.0.1', '[::1]'].map((address) => `http://${address}:${server.port}`);
    const rules = new HttpRules({ allow: [...allow, `http://loopback.test:${server.port}`], block: [] });
    for (const host of ['127.0.0.1', '[::1]', '0x7f.1', '[::ffff:7f00:1]', 'loopback.test']) {
      expect(await get(`http://${host}:${PORT}/`, rules)).toMatchObject({ status: 200, body: 'inside' });
    }
  });
});

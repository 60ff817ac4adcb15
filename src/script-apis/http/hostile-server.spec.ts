import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { HttpFetcher, type Fetch } from '../../../test/support/http-fetcher.ts';
import { startTcpServer, type TestServer } from '../../../test/support/http-server.ts';
import type { HttpResponse } from './http-message.ts';

describe('A server that means harm', () => {
  let server: TestServer;
  let serve: (socket: Socket) => void;

  beforeEach(async () => {
    server = await startTcpServer((socket) => {
      socket.resume();
      serve(socket);
    });
  });
  afterEach(() => server.close());

  const get = (options: Fetch = {}, scheme = 'http'): Promise<HttpResponse> => {
    const origin = `${scheme}://127.0.0.1:${server.port}`;
    return new HttpFetcher({ allow: [origin] }).fetch(`${origin}/`, options);
  };
  /** After the request has come. */
  const answering = (...parts: readonly (string | Buffer)[]): ((socket: Socket) => void) => {
    return (socket) => {
      socket.once('data', () => {
        for (const part of parts) socket.write(part);
        socket.end();
      });
    };
  };
  /** Then the same again and again, as fast as it goes. */
  const repeating = (first: string, then: string): ((socket: Socket) => void) => {
    const block = then.repeat(Math.ceil(10_000 / then.length));
    return (socket) => {
      socket.once('data', () => {
        const more = (): void => {
          while (!socket.destroyed && socket.write(block));
        };
        socket.on('drain', more);
        socket.write(first);
        more();
      });
    };
  };
  const closed = async (): Promise<void> => {
    const [socket] = server.connections;
    if (socket && !socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  };

  it.each([
    ['never answers', () => undefined],
    ['never ends its headers', answeringThenSilent('HTTP/1.1 200 OK\r\nx: ')],
    ['never ends its body', answeringThenSilent('HTTP/1.1 200 OK\r\n\r\nmore to come')],
    ['sends a byte now and then', dripping('HTTP/1.1 200 OK\r\n\r\n')],
    ['sends a byte of its headers now and then', dripping('HTTP/1.1 200 OK\r\nx: ')],
    ['sends empty lines now and then', dripping('', '\r\n')],
  ])('and %s gets no more time than the call has', async (_, behaviour: (socket: Socket) => void) => {
    serve = behaviour;
    const late = { code: 'HTTP_TIMEOUT', message: 'There was no complete response within 200 ms' };
    await expect(get({ timeoutMs: 200 })).rejects.toMatchObject(late);
    await closed();
  });

  it('and never says hello gets no more time than the call has', async () => {
    serve = () => undefined;
    await expect(get({ timeoutMs: 200 }, 'https')).rejects.toMatchObject({ code: 'HTTP_TIMEOUT' });
    await closed();
  });

  it.each(['http', 'https'])('loses the %s connection at once when the execution ends', async (scheme) => {
    const execution = new AbortController();
    const reason = new Error('cancelled');
    serve = (socket) => {
      socket.once('data', () => {
        execution.abort(reason);
      });
    };
    await expect(get({ signal: execution.signal }, scheme)).rejects.toBe(reason);
    await closed();
    await expect(get({ signal: execution.signal }, scheme)).rejects.toBe(reason);
    expect(server.connections).toHaveLength(1);
  });

  it.each([
    ['a body', 'HTTP/1.1 200 OK\r\n\r\n', 'x'],
    ['a body of more than it says', 'HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n', 'x'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\nx\r\n'],
    ['one chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n', 'x'],
    ['an extension of a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;', 'x=y;'],
    ['interim responses', '', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
    ['interim responses with headers', '', `HTTP/1.1 103 Early Hints\r\nLink: ${'x'.repeat(1000)}\r\n\r\n`],
    ['one header', 'HTTP/1.1 200 OK\r\nx: ', 'x'],
    ['the name of a header', 'HTTP/1.1 200 OK\r\n', 'x'],
    ['headers', 'HTTP/1.1 200 OK\r\n', 'a: b\r\n'],
    ['empty headers', 'HTTP/1.1 200 OK\r\n', 'a:\r\n'],
    ['trailers', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n', 'a: b\r\n'],
    ['a reason', 'HTTP/1.1 200 ', 'x'],
    ['empty lines', '', '\r\n'],
  ])('and sends %s without end is left', async (_, first, then) => {
    serve = repeating(first, then);
    await expect(get({ maxResponseBytes: 100_000 })).rejects.toMatchObject({ code: 'HTTP_RESPONSE_TOO_LARGE' });
    await closed();
  });

  it.each([
    ['ends before its headers', answering('HTTP/1.1 200 OK\r\n')],
    ['ends without a word', answering()],
    ['ends before its body', answering('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort')],
    ['ends before its last chunk', answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n')],
    ['has two lengths', answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nshort!')],
    ['speaks something else', answering('SSH-2.0-OpenSSH_9.9\r\n')],
    ['speaks HTTP/2', answering('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
    ['continues what was not asked', answering('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n')],
    [
      'switches protocols',
      answering('HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n'),
    ],
    ['resets', (socket: Socket): unknown => socket.once('data', () => socket.resetAndDestroy())],
    ['resets at once', (socket: Socket): unknown => socket.resetAndDestroy()],
    ['ends at once', (socket: Socket): unknown => socket.end()],
  ])('and %s makes the call fail, not the backend', async (_, behaviour) => {
    serve = behaviour;
    const failed = await get().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failed).toMatchObject({ code: 'HTTP_FAILED', message: expect.not.stringContaining('127.0.0.1') as string });
    await closed();
  });

  it('and answers before it was asked is no trouble', async () => {
    serve = (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi');
    for (let turn = 0; turn < 20; turn++) {
      const answer = await get().catch((error: unknown) => error);
      const accepted = [expect.objectContaining({ body: 'hi' }), expect.objectContaining({ code: 'HTTP_FAILED' })];
      expect(accepted).toContainEqual(answer);
    }
    expect(server.connections).toHaveLength(20);
  });

  it('and speaks no TLS makes the call fail', async () => {
    serve = (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    await expect(get({}, 'https')).rejects.toMatchObject({ code: 'HTTP_FAILED' });
  });

  it('can have 16 KiB of headers, and no more', async () => {
    const lines = (bytes: number): string => `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(bytes)}\r\nContent-Length: 0\r\n\r\n`;
    serve = answering(lines(16_000));
    expect((await get()).headers.x).toHaveLength(16_000);
    serve = answering(lines(17_000));
    await expect(get()).rejects.toMatchObject({
      code: 'HTTP_RESPONSE_TOO_LARGE',
      message: 'The headers of the response are larger than 16384 bytes',
    });
  });

  it('cannot keep a connection by redirecting with a body that has no end', async () => {
    let isFirst = true;
    serve = (socket) => {
      const location = `http://127.0.0.1:${server.port}/next`;
      const first = `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 999999\r\n\r\n`;
      if (isFirst) answeringThenSilent(first)(socket);
      else answering('HTTP/1.1 200 OK\r\n\r\nhere')(socket);
      isFirst = false;
    };
    expect(await get()).toMatchObject({ redirected: true, body: 'here' });
    await closed();
  });

  it('cannot pack a body: it was asked not to', async () => {
    const bomb = gzipSync(Buffer.alloc(1_000_000));
    serve = answering(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`, bomb);
    await expect(get()).rejects.toMatchObject({ code: 'HTTP_FAILED', message: expect.stringContaining('compressed') });
  });

  it('can send a body byte by byte, and bytes that are no text', async () => {
    const text = Buffer.from('\ufeffgr\u00fc\u00df', 'utf8');
    const chunks = [...text, 0xff].map((byte) =>
      Buffer.concat([Buffer.from('1\r\n'), Buffer.of(byte), Buffer.from('\r\n')]),
    );
    serve = answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', ...chunks, '0\r\n\r\n');
    expect(await get()).toMatchObject({ body: 'gr\u00fc\u00df\ufffd' });
  });

  it('can send a body in many small pieces, and not in any number of them', async () => {
    const inPieces = (count: number): ((socket: Socket) => void) =>
      answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\nx\r\n'.repeat(count), '0\r\n\r\n');
    serve = inPieces(10_000);
    expect((await get()).body).toHaveLength(10_000);
    serve = inPieces(11_000);
    await expect(get()).rejects.toMatchObject({ code: 'HTTP_RESPONSE_TOO_LARGE' });
  });

  it('can send ten interim responses, and not eleven', async () => {
    const after = (count: number): ((socket: Socket) => void) =>
      answering('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(count), 'HTTP/1.1 200 OK\r\n\r\nhere');
    serve = after(10);
    expect(await get()).toMatchObject({ status: 200, body: 'here' });
    serve = after(11);
    await expect(get()).rejects.toMatchObject({ code: 'HTTP_RESPONSE_TOO_LARGE' });
  });

  it('has its body up to the last byte that is allowed, and none more', async () => {
    serve = answering('HTTP/1.1 200 OK\r\n\r\n', 'x'.repeat(1000));
    expect(await get({ maxResponseBytes: 1000 })).toMatchObject({ body: 'x'.repeat(1000) });
    await expect(get({ maxResponseBytes: 999 })).rejects.toMatchObject({
      code: 'HTTP_RESPONSE_TOO_LARGE',
      message: 'The response is larger than 999 bytes',
    });
  });

  it('sets headers that cannot harm', async () => {
    const lines = [
      '__proto__: 1',
      'Constructor: 2',
      'A: 1',
      'a: 2',
      'Set-Cookie: a=1, b',
      'set-cookie: c=2',
      'Latin: \xfc',
    ];
    serve = answering(Buffer.from(`HTTP/1.1 200 OK\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
    const { headers } = await get();
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
    expect(Object.entries(headers)).toEqual([
      ['constructor', '2'],
      ['a', '1, 2'],
      ['set-cookie', 'a=1, b\nc=2'],
      ['latin', '\xfc'],
    ]);
  });
});

function answeringThenSilent(text: string): (socket: Socket) => void {
  return (socket) => {
    socket.once('data', () => socket.write(text));
  };
}

/** Something every few milliseconds, so that no time limit between two bytes would ever be over. */
function dripping(first: string, then = 'x'): (socket: Socket) => void {
  return (socket) => {
    socket.write(first);
    const timer = setInterval(() => socket.write(then), 5);
    socket.once('close', () => {
      clearInterval(timer);
    });
  };
}

import type { IncomingMessage } from 'node:http';
import { problemOf, startBackend, until, type Backend } from './support/backend.ts';
import { BackendProcess, endAllBackends } from './support/backend-process.ts';
import { startHttpServer, startHttpsServer, type TestServer } from './support/http-server.ts';

describe('Scripts that send HTTP requests', () => {
  let server: TestServer;
  let backend: Backend;
  let origin: string;
  let silent: IncomingMessage[];

  beforeAll(async () => {
    silent = [];
    server = await startHttpServer((request, response) => {
      if (request.url === '/silent') {
        silent.push(request);
      } else if (request.url === '/inside') {
        response.writeHead(302, { location: `http://127.0.0.2:${server.port}/` }).end();
      } else {
        const { method, headers } = request;
        void request.toArray().then((chunks: Buffer[]) => {
          const body = Buffer.concat(chunks).toString();
          response.setHeader('x-mine', 'yes');
          response.end(JSON.stringify({ method, type: headers['content-type'], body }));
        });
      }
    });
    origin = `http://127.0.0.1:${server.port}`;
    process.env.JS_RUNTIME_PERMISSIONS = 'http:*';
    process.env.HTTP_RULES = JSON.stringify({ acme: { allow: [origin] }, '*': { allow: ['*', 'http://*'] } });
    backend = await startBackend();
    delete process.env.JS_RUNTIME_PERMISSIONS;
    delete process.env.HTTP_RULES;
  });
  afterAll(async () => {
    await backend.close();
    await server.close();
  });

  it('have the response', async () => {
    const script = `
      const options = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(input.order) };
      const response = await http.fetch(input.url, options);
      return { ...response, text: await response.text(), json: await response.json() };
    `;
    const input = { url: `${origin}/orders`, order: { id: 1 } };
    const { body } = await backend.execute({ script, input, wrap: 'function' }).expect(200);
    const json = { method: 'POST', type: 'application/json', body: '{"id":1}' };
    expect(body).toMatchObject({
      result: {
        status: 200,
        headers: { 'x-mine': 'yes' },
        url: input.url,
        redirected: false,
        text: JSON.stringify(json),
        json,
      },
      usage: { apiCalls: 1 },
    });
  });

  const CAUGHT = `
    try {
      return await http.fetch(...input);
    } catch ({ code, message }) {
      return { code, message };
    }
  `;
  const caught = async (input: readonly unknown[], tenant?: 'acme' | 'globex'): Promise<unknown> => {
    const { body } = await backend.execute({ script: CAUGHT, input, wrap: 'function' }, tenant).expect(200);
    return (body as { result: unknown }).result;
  };

  it('reach what their own tenant may reach, and nothing else', async () => {
    expect(await caught(['https://example.com'])).toMatchObject({ code: 'HTTP_HOST_NOT_ALLOWED' });
    expect(await caught([`${origin}/inside`])).toMatchObject({ code: 'HTTP_HOST_NOT_ALLOWED' });
    expect(await caught([origin], 'globex')).toMatchObject({ code: 'HTTP_HOST_NOT_ALLOWED' });
    const metadata = 'http://169.254.169.254/latest/meta-data/';
    expect(await caught([metadata], 'globex')).toEqual({
      code: 'HTTP_ADDRESS_NOT_ALLOWED',
      message: 'http://169.254.169.254 has no address that may be connected to',
    });
  });

  it('are told what is wrong with a call', async () => {
    expect(await caught(['nowhere'])).toMatchObject({ code: 'HTTP_URL_INVALID' });
    expect(await caught([origin, { headers: { Host: 'x' } }])).toMatchObject({ code: 'HTTP_REQUEST_INVALID' });
    expect(await caught([])).toMatchObject({ code: 'API_CALL_INVALID' });
    expect(await caught([origin, { method: 'TRACE' }])).toMatchObject({ code: 'API_CALL_INVALID' });
    expect(await caught([origin, { method: 'POST', body: {} }])).toMatchObject({
      code: 'API_CALL_INVALID',
      message: expect.stringContaining('must be a string; JSON.stringify() makes one of an object') as string,
    });
    expect(await caught([`${origin}/silent`, { timeoutMs: 50 }])).toMatchObject({ code: 'HTTP_TIMEOUT' });
  });

  it('fail with the error that they do not catch', async () => {
    const response = await backend.execute({ script: 'await http.fetch("https://example.com")', wrap: 'function' });
    expect(problemOf(response)).toMatchObject({
      code: 'SCRIPT_ERROR',
      detail: expect.stringContaining('The rules of the tenant do not allow https://example.com') as string,
    });
  });

  it('take their requests with them when they end', async () => {
    const before = silent.length;
    const script = 'await http.fetch(input)';
    const limits = { timeoutMs: 5000 };
    await backend.execute({ script, input: `${origin}/silent`, wrap: 'function', limits }).expect(422);
    expect(silent).toHaveLength(before + 1);
    await until(() => silent.every(({ socket }) => socket.closed));
  });

  it('can make many at a time', async () => {
    const script = `
      const responses = await Promise.all(Array.from({ length: 20 }, (_, index) => http.fetch(input + '/' + index)));
      return responses.map(({ status }) => status);
    `;
    const { body } = await backend.execute({ script, input: origin, wrap: 'function' }).expect(200);
    expect(body).toMatchObject({ result: Array.from({ length: 20 }, () => 200), usage: { apiCalls: 20 } });
  });
});

describe('Scripts of tenants that may not use http', () => {
  it('are told so', async () => {
    process.env.JS_RUNTIME_PERMISSIONS = 'kv:*';
    const backend = await startBackend();
    delete process.env.JS_RUNTIME_PERMISSIONS;
    try {
      const response = await backend.execute({ script: 'await http.fetch("https://example.com")', wrap: 'function' });
      expect(problemOf(response)).toMatchObject({ code: 'PERMISSION_DENIED' });
    } finally {
      delete process.env.JS_RUNTIME_PERMISSIONS;
      await backend.close();
    }
  });
});

describe('A backend whose environment says that certificates do not matter', () => {
  afterEach(endAllBackends);

  it('checks them all the same, for scripts', async () => {
    const server = await startHttpsServer((_, response) => response.end('secret'));
    const origin = `https://127.0.0.1:${server.port}`;
    try {
      const backend = await BackendProcess.start({
        NODE_TLS_REJECT_UNAUTHORIZED: '0',
        JS_RUNTIME_PERMISSIONS: 'http:*',
        HTTP_RULES: JSON.stringify({ acme: { allow: [origin] } }),
      });
      const script = 'http.fetch(input).catch(({ code, message }) => ({ code, message }))';
      const response = await backend.execute({ script, input: origin });
      expect(await response.json()).toMatchObject({
        result: { code: 'HTTP_FAILED', message: 'The certificate of the host is not one to trust' },
      });
    } finally {
      await server.close();
    }
  });
});

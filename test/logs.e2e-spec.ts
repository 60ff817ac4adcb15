import { fileURLToPath } from 'node:url';
import { BackendProcess, endAllBackends } from './support/backend-process.ts';
import { LogLines, type LogLine } from './support/log-lines.ts';
import { connectTo, executionRequest } from './support/raw-client.ts';

const FAULTY_API = {
  NODE_OPTIONS: `--import=${fileURLToPath(new URL('support/faulty-api.mjs', import.meta.url))}`,
  JS_RUNTIME_PERMISSIONS: '*',
};
const FUNCTION = { wrap: 'function' } as const;

describe('The log of the backend', () => {
  afterEach(endAllBackends);

  async function start(env: NodeJS.ProcessEnv = {}): Promise<{ backend: BackendProcess; log: LogLines }> {
    const backend = await BackendProcess.start(env);
    return { backend, log: new LogLines(backend) };
  }

  const as = (key: string, backend: BackendProcess, body: object): Promise<Response> =>
    fetch(`${backend.url}/v1/executions`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });

  it('is lines of JSON in production, and nothing else', async () => {
    const { backend, log } = await start({ NODE_ENV: 'production', TENANT_KEYS: 'acme:a-secret-key' });
    expect((await as('a-secret-key', backend, { script: '1' })).status).toBe(200);
    await log.find(({ context }) => context === 'Request');
    await backend.end('SIGTERM');
    const lines = log.text.split('\n').slice(0, -1);
    for (const line of lines) {
      expect(JSON.parse(line)).toMatchObject({
        level: expect.any(String),
        time: expect.any(String),
        msg: expect.any(String),
      });
    }
    expect(log.text).not.toContain('Try it');
    expect(log.text).toContain(`Listening on ${backend.url}`);
  });

  it('has a line for each request and each execution, with whose they are', async () => {
    const { backend, log } = await start();
    await backend.execute({ script: '1', executionId: 'e1' });
    const request = await log.find(({ context }) => context === 'Request');
    expect(request).toMatchObject({
      level: 'info',
      tenantId: 'acme',
      method: 'POST',
      path: '/v1/executions',
      status: 200,
      durationMs: expect.any(Number),
      requestId: expect.stringMatching(/^[\da-f-]{36}$/),
    });
    const execution = await log.find(({ event }) => event === 'execution');
    expect(execution).toMatchObject({
      level: 'info',
      context: 'Audit',
      tenantId: 'acme',
      executionId: 'e1',
      requestId: request.requestId,
      outcome: 'OK',
      script: { name: 'script.js' },
      usage: { compile: 'miss' },
    });
    await backend.end('SIGTERM');
  });

  it('has a line for requests that were refused before anybody knew whose they are', async () => {
    const { backend, log } = await start();
    await as('no-such-key', backend, { script: '1' });
    await fetch(`${backend.url}/nowhere?key=acme-dev-key`);
    await log.until(() => log.all.filter(({ context }) => context === 'Request').length === 2);
    const requests = log.all.filter(({ context }) => context === 'Request');
    expect(requests).toMatchObject([
      { status: 401, path: '/v1/executions', requestId: expect.any(String) },
      { status: 404, path: '/nowhere', requestId: expect.any(String) },
    ]);
    for (const request of requests) expect(request).not.toHaveProperty('tenantId');
    await backend.end('SIGTERM');
  });

  it('has a line for a request whose client went away', async () => {
    const { backend, log } = await start();
    const client = await connectTo(backend.port);
    client.write(executionRequest({ script: 'new Promise(() => {})', executionId: 'e1' }));
    const cancel = (): Promise<Response> =>
      fetch(`${backend.url}/v1/executions/none`, {
        method: 'DELETE',
        headers: { Authorization: 'Bearer acme-dev-key' },
      });
    // Answered after the backend has read what came before it.
    await cancel();
    client.destroy();
    const request = await log.find(({ aborted }) => aborted === true);
    expect(request).toMatchObject({ tenantId: 'acme', msg: 'POST /v1/executions aborted' });
    await backend.end('SIGTERM');
  });

  it('names tenant, execution and request where a host API fails', async () => {
    const { backend, log } = await start(FAULTY_API);
    const script = 'await faulty.fail("The disk is full")';
    const response = await backend.execute({ ...FUNCTION, script, executionId: 'e1' });
    expect(await response.json()).toMatchObject({ code: 'API_CALL_FAILED' });
    const failure = await log.find(({ context }) => context === 'HostApi');
    const request = await log.find(({ context }) => context === 'Request');
    expect(failure).toMatchObject({
      level: 'error',
      tenantId: 'acme',
      executionId: 'e1',
      requestId: request.requestId,
      msg: expect.stringContaining('faulty.fail failed'),
      stack: expect.stringContaining('Error: The disk is full\n    at FaultyApi.fail'),
    });
    await backend.end('SIGTERM');
  });

  it('names to each of two executions at a time its own', async () => {
    const { backend, log } = await start(FAULTY_API);
    const script = 'await faulty.failTogether(input)';
    await Promise.all([
      as('acme-dev-key', backend, { ...FUNCTION, script, input: 'of acme', executionId: 'a1' }),
      as('globex-dev-key', backend, { ...FUNCTION, script, input: 'of globex', executionId: 'g1' }),
    ]);
    const isRequest = ({ context }: LogLine): boolean => context === 'Request';
    await log.until(() => log.all.filter(isRequest).length === 2);
    const idOf = new Map(log.all.filter(isRequest).map(({ tenantId, requestId }) => [tenantId, requestId]));
    const failures = log.all.filter(({ context }) => context === 'HostApi');
    expect(failures).toHaveLength(2);
    for (const { stack, tenantId, executionId, requestId } of failures) {
      const [tenant, execution] = String(stack).includes('of acme') ? ['acme', 'a1'] : ['globex', 'g1'];
      expect([tenantId, executionId, requestId]).toEqual([tenant, execution, idOf.get(tenant)]);
    }
    expect(idOf.get('acme')).not.toBe(idOf.get('globex'));
    await backend.end('SIGTERM');
  });

  it('has no keys, no source and no input', async () => {
    const { backend, log } = await start({
      ...FAULTY_API,
      LOG_LEVEL: 'trace',
      TENANT_KEYS: 'acme:the-secret-key',
      JS_RUNTIME_CACHE_SECRET: 'the-secret-that-entries-are-sealed-with',
    });
    const rest = { input: { note: 'the-secret-input' } };
    const short = { limits: { timeoutMs: 1000 } };
    const scripts = [
      '"the-secret-source"; 1',
      '"the-secret-source"; (',
      '"the-secret-source"; throw new Error("the-secret-error")',
      '"the-secret-source"; "x".repeat(2 ** 28).split("")',
      '"the-secret-source"; Symbol()',
    ];
    for (const script of scripts) await as('the-secret-key', backend, { ...rest, script });
    const loop = '"the-secret-source"; console.log("the-secret-log"); for (;;);';
    await as('the-secret-key', backend, { ...rest, ...short, script: loop });
    await as('the-secret-key', backend, { ...FUNCTION, ...rest, script: 'await faulty.fail("a")//the-secret-source' });
    await as('the-secret-wrong-key', backend, { ...rest, script: '1' });
    await fetch(`${backend.url}/v1/modules?key=the-secret-key`);
    await log.until(() => log.all.filter(({ context }) => context === 'Request').length === scripts.length + 4);
    await backend.end('SIGTERM');
    expect(log.text).toContain('faulty.fail failed');
    // The command to try has the key: it is for development.
    expect(log.text.replace(/^curl .*$/m, '')).not.toContain('the-secret');
  });

  it.each([
    ['json', /^\{"level":"(info|warn|error)",.*\}$/],
    ['pretty', /^\d\d:\d\d:\d\d\.\d{3} (INFO |WARN |ERROR) /],
  ])('lets nobody forge a line as %s', async (LOG_FORMAT, line) => {
    const { backend, log } = await start({ ...FAULTY_API, LOG_FORMAT, SCRIPT_LOG_LEVEL: 'debug' });
    const ends = ['\n', '\r\n', '\r', '\u0085', '\u2028', '\u001b[2J'];
    const forged = ends
      .map((end) => `${end}12:00:00.000 FATAL forged${end}{"level":"fatal","msg":"forged"}${end}`)
      .join('');
    const script = 'console.log(input); await faulty.fail(input)';
    await backend.execute({ ...FUNCTION, script, input: forged, name: `a${forged}.js` });
    await backend.execute({ ...FUNCTION, script, input: forged });
    await fetch(`${backend.url}/nowhere${encodeURIComponent(forged)}`);
    await log.until(() => log.text.includes('/nowhere'));
    await backend.end('SIGTERM');
    const [, written = ''] = log.text.split("\n  -d '");
    // As readers see them that know of more ends of lines than one. Lines that are indented belong to the one before.
    const begun = written
      .split(/[\n\r\u0085\u2028\u2029]/)
      .slice(2, -1)
      .filter((text) => !/^( {4}|$)/.test(text));
    expect(begun.length).toBeGreaterThan(4);
    for (const text of begun) expect(text).toMatch(line);
    expect(log.all.filter(({ level }) => level === 'fatal')).toEqual([]);
    expect(written).not.toContain('\u001b');
  });

  it.each([
    ['info', 0],
    ['debug', 2],
  ])('at the level %s has %d lines for health checks', async (LOG_LEVEL, count) => {
    const { backend, log } = await start({ LOG_LEVEL });
    await fetch(`${backend.url}/health/ready`);
    await fetch(`${backend.url}/health/live?a`);
    await fetch(`${backend.url}/nowhere`);
    await log.find(({ path }) => path === '/nowhere');
    expect(log.all.filter(({ path }) => String(path).startsWith('/health/'))).toHaveLength(count);
    await backend.end('SIGTERM');
  });

  it('has nothing less severe than it is told to', async () => {
    const { backend, log } = await start({ ...FAULTY_API, LOG_LEVEL: 'error' });
    await backend.execute({ ...FUNCTION, script: 'await faulty.fail("a")', executionId: 'e1' });
    // Of the execution too, which it knows by the error.
    expect(await log.find(({ context }) => context === 'ProblemFilter')).toMatchObject({ executionId: 'e1' });
    await backend.end('SIGTERM');
    expect(new Set(log.all.map(({ level }) => level))).toEqual(new Set(['error']));
  });
});

describe('The console of scripts', () => {
  afterEach(endAllBackends);

  const script = 'console.log("one"); console.debug("two"); console.error("three"); throw 1';

  it('is in the log where that is wanted, as a channel of its own', async () => {
    const backend = await BackendProcess.start({ SCRIPT_LOG_LEVEL: 'info', LOG_LEVEL: 'warn' });
    const log = new LogLines(backend);
    await backend.execute({ script, name: 'a.js', executionId: 'e1' });
    await log.until(() => log.all.filter(({ channel }) => channel === 'script').length === 2);
    const who = {
      channel: 'script',
      tenantId: 'acme',
      executionId: 'e1',
      script: 'a.js',
      requestId: expect.any(String),
    };
    expect(log.all.filter(({ channel }) => channel === 'script')).toMatchObject([
      { ...who, level: 'info', msg: 'one' },
      { ...who, level: 'error', msg: 'three' },
    ]);
    await backend.end('SIGTERM');
  });

  it('is not in the log otherwise', async () => {
    const backend = await BackendProcess.start();
    const log = new LogLines(backend);
    await backend.execute({ script });
    await log.find(({ context }) => context === 'Request');
    await backend.end('SIGTERM');
    expect(log.all.filter(({ channel }) => channel !== undefined)).toEqual([]);
    expect(log.text).not.toContain('three');
  });

  it('cannot flood the log, which says what it lacks', async () => {
    const backend = await BackendProcess.start({ SCRIPT_LOG_LEVEL: 'info', SCRIPT_LOGS_PER_SECOND: '1' });
    const log = new LogLines(backend);
    const flood = 'for (let n = 0; n < 500; n++) console.log("flood")';
    await backend.execute({ script: flood });
    await log.find(({ context }) => context === 'Request');
    // At its end it tells at once what it has not told yet.
    await backend.end('SIGTERM');
    const lines = log.all.filter(({ channel }) => channel === 'script');
    const written = lines.filter(({ msg }) => msg === 'flood').length;
    expect(written).toBeLessThan(10);
    expect(lines.at(-1)).toMatchObject({ level: 'warn', tenantId: 'acme', dropped: 500 - written });
  });
});

describe('The line about the configuration', () => {
  afterEach(endAllBackends);

  const SECRETS = {
    TENANT_KEYS: 'acme:a-secret-key,globex:another-secret-key',
    STORAGE_URL: 'redis://user:secret-word@127.0.0.1:1',
    JS_RUNTIME_CACHE_REDIS_URL: 'redis://user:secret-word@127.0.0.1:1',
    JS_RUNTIME_CACHE_SECRET: 'a-secret-of-32-characters-or-more',
  };

  it('has what is set and what is as it is by default, without secrets', async () => {
    const env = { ...SECRETS, NODE_ENV: 'production', JS_RUNTIME_TIMEOUT_MS: '500', KV_MAX_KEYS: '7' };
    const backend = await BackendProcess.start(env);
    const log = new LogLines(backend);
    await backend.end('SIGTERM');
    const lines = log.all.filter(({ context }) => context === 'Configuration');
    expect(lines).toHaveLength(1);
    const { set, defaults } = lines[0] as { set: LogLine; defaults: LogLine };
    expect(set).toEqual({
      NODE_ENV: 'production',
      PORT: 0,
      TENANT_KEYS: '[redacted]',
      STORAGE_URL: '[redacted]',
      KV_MAX_KEYS: 7,
      JS_RUNTIME_POOL_SIZE: 2,
      JS_RUNTIME_PERMISSIONS: ['kv:*', 'http:*'],
      JS_RUNTIME_TIMEOUT_MS: 500,
      JS_RUNTIME_CACHE_REDIS_URL: '[redacted]',
      JS_RUNTIME_CACHE_SECRET: '[redacted]',
    });
    expect(defaults).toMatchObject({ HOST: '127.0.0.1', LOG_LEVEL: 'info', JS_RUNTIME_MAX_VMS: 4 });
    expect(log.text).not.toContain('secret-');
  });

  it('is a block for people in text', async () => {
    const backend = await BackendProcess.start({ ...SECRETS, NODE_ENV: 'production', LOG_FORMAT: 'pretty' });
    await backend.end('SIGTERM');
    expect(backend.output).toMatch(/INFO {2}\[Configuration\] In effect\n {4}set: .*PORT=0 TENANT_KEYS='\[redacted\]'/);
    expect(backend.output).toMatch(/^ {4}defaults: HOST='127\.0\.0\.1'/m);
    expect(backend.output).not.toContain('secret-');
  });
});

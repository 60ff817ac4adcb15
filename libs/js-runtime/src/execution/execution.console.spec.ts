import { PatientVmFactory, startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';

describe('console', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime({ maxLogEntries: 10, maxLogBytes: 1000 }, { vmFactory: PatientVmFactory });
  });

  afterAll(async () => {
    await runtime.close();
  });

  const messagesOf = async (source: string): Promise<string[]> =>
    (await runtime.run(source)).logs.map(({ message }) => message);

  it('logs at five levels, in order', async () => {
    const { logs } = await runtime.run(
      "for (const level of ['error', 'log', 'debug', 'warn', 'info']) console[level](level)",
    );
    expect(logs).toEqual(['error', 'log', 'debug', 'warn', 'info'].map((level) => ({ level, message: level })));
  });

  it.each([
    ["'text', 'ä 🎉'", 'text ä 🎉'],
    ['', ''],
    ['1, -0.5, NaN, true, null, undefined', '1 -0.5 NaN true null undefined'],
    ['10n, Symbol("s")', '10 Symbol(s)'],
    ['{ a: [1, { b: 2 }] }', '{"a":[1,{"b":2}]}'],
    ['[1, "two"]', '[1,"two"]'],
    ['new Date(0)', '"1970-01-01T00:00:00.000Z"'],
    ['function named() {}, class A {}', '[Function] [Function]'],
    ['(() => { const a = {}; a.a = a; return a; })()', '[Object]'],
    ['{ get a() { throw new Error() } }', '[Object]'],
    ['{ toJSON() { return undefined } }', '[Object]'],
    ['{ big: 1n }', '[Object]'],
    ['"%s %d", "a", 1', '%s %d a 1'],
  ])('writes (%s) as %p', async (args, message) => {
    await expect(messagesOf(`console.log(${args})`)).resolves.toEqual([message]);
  });

  it('writes an error with its stack, which has frames of the script only', async () => {
    await expect(messagesOf('\n console.error(new TypeError("no"))')).resolves.toEqual([
      'TypeError: no\n    at script.js:2:16',
    ]);
    const { logs } = await runtime.run('\n console.error("it:", new TypeError("no"))', { wrap: 'function' });
    expect(logs).toEqual([{ level: 'error', message: 'it: TypeError: no\n    at script.js:2:23' }]);
  });

  it.each([
    ['a timer', 'setTimeout(log, 1); await new Promise((resolve) => setTimeout(resolve, 10))'],
    ['a microtask', 'queueMicrotask(log); await new Promise((resolve) => setTimeout(resolve, 1))'],
    ['a reaction', 'await Promise.resolve().then(log)'],
    ['a getter of what is logged', 'console.log({ get a() { log(); } })'],
  ])('writes an error made in %s without frames of the code around the script', async (_, body) => {
    const source = `const log = () => console.log(new Error("no"));\n${body}`;
    const [logged] = (await runtime.run(source, { wrap: 'function' })).logs;
    expect(logged?.message).toMatch(/^Error: no\n {4}at log \(script\.js:1:31\)/);
    expect(logged?.message).not.toMatch(/js-runtime:realm|node:|file:/);
  });

  it('keeps what was logged before an error', async () => {
    const error = await runtime.errorOf('console.log("before"); throw new Error("no")');
    expect(error.logs).toEqual([{ level: 'log', message: 'before' }]);
    expect(error.usage).toMatchObject({ compile: expect.any(String) });
  });

  it('keeps what was logged before the time was up', async () => {
    const error = await runtime.errorOf('console.log("before"); for (;;);', { limits: { timeoutMs: 1000 } });
    expect(error).toMatchObject({ code: 'WALL_TIME_LIMIT_EXCEEDED', logs: [{ level: 'log', message: 'before' }] });
  });

  it('logs from promises and timers too', async () => {
    const { logs } = await runtime.run(
      `setTimeout(() => console.log('timer'), 1);
       Promise.resolve().then(() => console.log('promise'));
       console.log('script');
       new Promise((resolve) => setTimeout(resolve, 10));`,
    );
    expect(logs.map(({ message }) => message)).toEqual(['script', 'promise', 'timer']);
  });

  it('takes as many entries as allowed, and says that it has dropped the others', async () => {
    const { logs } = await runtime.run('for (let i = 0; i < 100; i++) console.log(i)');
    expect(logs).toHaveLength(11);
    expect(logs[9]).toEqual({ level: 'log', message: '9' });
    expect(logs[10]).toEqual({ level: 'warn', message: '[log limit reached: further output was dropped]' });
    await expect(messagesOf('for (let i = 0; i < 10; i++) console.log(i)')).resolves.toHaveLength(10);
  });

  it('takes as many bytes as allowed, and says that it has dropped the others', async () => {
    const dropped = '[log limit reached: further output was dropped]';
    const log = async (text: string): Promise<string[]> =>
      messagesOf(`console.log(${text}); console.log("more"); console.log("more")`);
    await expect(log('"x".repeat(5000)')).resolves.toEqual(['x'.repeat(1000), dropped]);
    await expect(log('"x".repeat(999)')).resolves.toEqual(['x'.repeat(999), 'm', dropped]);
    await expect(log('"ä".repeat(5000)')).resolves.toEqual(['ä'.repeat(500), dropped]);
    // As many UTF-16 code units as allowed, but more bytes.
    await expect(log('"ä".repeat(600)')).resolves.toEqual(['ä'.repeat(500), dropped]);
  });

  it('has no empty entry for a message of which nothing fits', async () => {
    await expect(messagesOf('console.log("x".repeat(1000)); console.log("more")')).resolves.toEqual([
      'x'.repeat(1000),
      '[log limit reached: further output was dropped]',
    ]);
  });

  it('cuts no character in two', async () => {
    const dropped = '[log limit reached: further output was dropped]';
    await expect(messagesOf('console.log("a" + "ä".repeat(600))')).resolves.toEqual(['a' + 'ä'.repeat(499), dropped]);
    await expect(messagesOf('console.log("🎉".repeat(400))')).resolves.toEqual(['🎉'.repeat(250), dropped]);
    // Cut inside of the realm, which counts UTF-16 code units.
    await expect(messagesOf('console.log("abc" + "🎉".repeat(5000))')).resolves.toEqual([
      'abc' + '🎉'.repeat(249),
      dropped,
    ]);
  });

  it('can be put aside and replaced by the script, for this execution', async () => {
    await expect(messagesOf('const { log } = console; console = null; log("still")')).resolves.toEqual(['still']);
    await expect(messagesOf('console.log("there again")')).resolves.toEqual(['there again']);
  });

  it('cannot be changed: it is frozen', async () => {
    await expect(runtime.valueOf('[Object.isFrozen(console), Object.keys(console)]')).resolves.toEqual([
      true,
      ['log', 'info', 'warn', 'error', 'debug'],
    ]);
  });

  it('keeps what was logged when a later call has no stack left', async () => {
    const script = `console.log('kept');
      function f() { try { f() } catch {} try { console.log('deep') } catch {} }
      f();`;
    expect((await messagesOf(script))[0]).toBe('kept');
  });
});

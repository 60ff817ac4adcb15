import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';

describe('console', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime({ maxLogEntries: 10, maxLogBytes: 1000 });
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
  });

  it('keeps what was logged before an error', async () => {
    const error = await runtime.errorOf('console.log("before"); throw new Error("no")');
    expect(error.logs).toEqual([{ level: 'log', message: 'before' }]);
    expect(error.usage).toMatchObject({ compile: expect.any(String) });
  });

  it('keeps what was logged before the time was up', async () => {
    const error = await runtime.errorOf('console.log("before"); for (;;);', { limits: { timeoutMs: 200 } });
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

  it('takes as many bytes as allowed', async () => {
    const [ascii] = await messagesOf('console.log("x".repeat(5000)); console.log("more")');
    expect(ascii).toBe('x'.repeat(1000));
    const [umlauts] = await messagesOf('console.log("ä".repeat(5000)); console.log("more")');
    expect(umlauts).toBe('ä'.repeat(500));
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
});

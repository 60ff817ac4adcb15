import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';
import { OURS, textOf } from '../../test-support/what-a-tenant-sees.ts';

describe('Nothing of the machine or of the code around a script is in', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime();
  });

  afterAll(async () => {
    await runtime.close();
  });

  it.each([
    ['a plain error', 'throw new Error("no")'],
    ['a thrown null', 'throw null'],
    ['an unhandled rejection', 'Promise.reject(new Error("no")); 1'],
    [
      'an unhandled rejection with a stack of its own',
      'const e = new Error("no"); e.stack = "mine"; Promise.reject(e); 1',
    ],
    ['an error from a built-in', '[1].map(() => null.x)'],
    ['an error from a timer', 'setTimeout(() => null.x, 1); new Promise(() => {})'],
    ['an error of a timer function', 'setTimeout("text")'],
    ['an error of structuredClone', 'structuredClone(() => 1)'],
    ['a refused eval', 'eval("1")'],
    ['a refused import', 'import("fs")'],
    [
      'a stack of any length',
      'Error.stackTraceLimit = Infinity; (function f(n) { if (n) f(n - 1); else null.x; })(50)',
    ],
    ['an endless recursion', 'Error.stackTraceLimit = Infinity; (function f() { f(); })()'],
    ['a syntax error', 'let x = ;'],
    ['a syntax error of a function body', '} {'],
    ['a timeout', 'for (;;);'],
    ['a timeout in a timer', 'setTimeout(() => { for (;;); }); new Promise(() => {})'],
    ['a timeout in a toJSON', '({ toJSON() { for (;;); } })'],
    ['a result that is not JSON', '({ toJSON() { throw new Error("no"); } })'],
    ['a timeout without a stack', 'Error.stackTraceLimit = 0; for (;;);'],
    ['a logged error', 'console.log(new Error("no"))'],
    ['an error logged by a timer', 'setTimeout(() => console.log(new Error("no")), 1); new Promise(() => {})'],
    ['an error logged by a toJSON', '({ toJSON() { console.log(new Error("no")); } })'],
    ['a thrown object whose stack throws', 'throw { message: "no", get stack() { throw new Error("inner"); } }'],
    ['a thrown object whose stack is a Proxy', 'throw { message: "no", stack: new Proxy({}, { get() { throw 1; } }) }'],
    ['a thrown Proxy', 'throw new Proxy(new Error("no"), { get(target, key) { return Reflect.get(target, key); } })'],
    ['a rejection with a Proxy', 'Promise.reject(new Proxy(new Error("no"), {})); 1'],
    ['a rejection with a Proxy that throws', 'Promise.reject(new Proxy({}, { get() { throw new Error("no"); } })); 1'],
    ['a rejection whose stack throws', 'Promise.reject({ get stack() { throw new Error("no"); } }); 1'],
    [
      'an Error.prepareStackTrace that throws',
      'Error.prepareStackTrace = () => { throw new Error("inner"); }; throw new Error("no")',
    ],
    [
      'a rejection with an Error.prepareStackTrace that throws',
      'Error.prepareStackTrace = () => { throw new Error("inner"); }; Promise.reject(new Error("no")); 1',
    ],
    [
      'an endless recursion in the getter of a thrown message',
      'throw { get message() { return (function f() { f(); })(); } }',
    ],
    ['an endless recursion in a toJSON', '({ toJSON() { return (function f() { f(); })(); } })'],
  ])('%s', async (_, source) => {
    for (const wrap of ['script', 'function'] as const) {
      const options = { wrap, name: 'execution.ts', limits: { timeoutMs: 300 } };
      const outcome = await runtime.run(source, options).then(
        ({ value, logs }) => ({ value, logs }),
        (error: unknown) => error,
      );
      expect(textOf(outcome)).not.toMatch(OURS);
    }
  });

  describe.each([
    ['whose stack is no string', 'const e = new Error("a"); e.stack = undefined; Promise.reject(e); 1'],
    ['without a stack', 'const e = new Error("a"); delete e.stack; Promise.reject(e); 1'],
    ['whose stack was never taken', 'Error.stackTraceLimit = 0; Promise.reject(new Error("a")); 1'],
    ['that only inherits from Error', 'Promise.reject(Object.create(Error.prototype)); 1'],
    ['whose stack is empty', 'const e = new Error("a"); e.stack = ""; Promise.reject(e); 1'],
    [
      'whose stack throws',
      'const e = new Error("a"); Object.defineProperty(e, "stack", { get() { throw 1; } }); Promise.reject(e); 1',
    ],
  ])('an unhandled rejection %s', (_, source) => {
    it.each(['execution.ts', 'realm.ts', 'main.ts', 'file', 'node', '/', 't', 's'])(
      'of a script named %p',
      async (name) => {
        const { details } = await runtime.errorOf(source, { name });
        expect(details.error?.stack).toMatch(/^(Error: a|Error: |NonError: [a-z ]+)$/);
        expect(details.error).not.toHaveProperty('line');
      },
    );
  });

  it('what call sites tell', async () => {
    const source = `
      Error.prepareStackTrace = (error, sites) => sites.map((site) => [
        site.getFileName(), site.getScriptNameOrSourceURL?.(), site.getEvalOrigin?.(), site.getTypeName(),
        typeof site.getThis(), typeof site.getFunction(),
      ].join(' ')).join('; ');
      const seen = [new Error().stack];
      setTimeout(() => seen.push(new Error().stack), 1);
      queueMicrotask(() => seen.push(new Error().stack));
      await new Promise((resolve) => setTimeout(resolve, 10));
      return seen;`;
    const value = (await runtime.valueOf(source, { wrap: 'function' })) as string[];
    expect(value).toHaveLength(3);
    expect(JSON.stringify(value)).not.toMatch(/file:|node:|\/work|sandbox/);
    // A frame that is not the script's hands out neither its function nor its `this`.
    for (const site of value.flatMap((stack) => stack.split('; '))) {
      expect(site).toMatch(/^script\.js | undefined undefined$/);
    }
  });
});

import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';

const constructors = {
  Function: 'Function',
  'the constructor of a function': '(function () {}).constructor',
  'the constructor of an arrow function': '(() => 0).constructor',
  'the constructor of a class': '(class {}).constructor',
  'the constructor of a method': '({ m() {} }).m.constructor',
  'the constructor of a built-in': 'Math.max.constructor',
  'the constructor of a bound function': '(() => 0).bind().constructor',
  'the constructor of an async function': '(async () => 0).constructor',
  'the constructor of a generator': '(function* () {}).constructor',
  'the constructor of an async generator': '(async function* () {}).constructor',
  'the constructor of a generator method': '({ *m() {} }).m.constructor',
  'the constructor behind the prototype of a generator': 'Object.getPrototypeOf(function* () {}).constructor',
  'the constructor of the timers': 'setTimeout.constructor',
  'the constructor of console methods': 'console.log.constructor',
  'the constructor of queueMicrotask': 'queueMicrotask.constructor',
  'the constructor of structuredClone': 'structuredClone.constructor',
  'the constructor of the constructor': 'Function.constructor',
  'the constructor of the constructor of the constructor': '(async () => 0).constructor.constructor',
};

const uses: Record<string, (constructor: string) => string> = {
  'by a call': (constructor) => `(${constructor})("return 7")()`,
  'by new': (constructor) => `new (${constructor})("return 7")()`,
  'by Reflect.construct': (constructor) => `Reflect.construct(${constructor}, ["return 7"])()`,
  'by Reflect.construct for another class': (constructor) =>
    `Reflect.construct(Object, ["return 7"], ${constructor})()`,
  'by Reflect.apply': (constructor) => `Reflect.apply(${constructor}, null, ["return 7"])()`,
  'by bind': (constructor) => `new ((${constructor}).bind(null, "return 7"))()()`,
  'by call': (constructor) => `(${constructor}).call(null, "return 7")()`,
  'by a subclass': (constructor) => `new (class extends (${constructor}) { constructor() { super("return 7"); } })()()`,
  'by a Proxy': (constructor) => `new (new Proxy(${constructor}, {}))("return 7")()`,
};

describe('No string becomes code', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime({ poolSize: 1 });
  });

  afterAll(async () => {
    await runtime.close();
  });

  describe.each(Object.entries(constructors))('through %s', (_, constructor) => {
    it.each(Object.entries(uses))('%s', async (_name, use) => {
      const error = await runtime.errorOf(use(constructor));
      expect(error).toMatchObject({ code: 'SCRIPT_ERROR' });
      expect(error.details.error?.name).toMatch(/^(EvalError|TypeError)$/);
      // Whatever happened, it did not return 7 and was not stopped only by the kind of the result.
      await expect(runtime.valueOf(`try { ${use(constructor)} } catch { 'refused' }`)).resolves.toBe('refused');
    });
  });

  it.each([
    'eval("7")',
    '(0, eval)("7")',
    'globalThis.eval("7")',
    'eval.call(null, "7")',
    'Reflect.apply(eval, null, ["7"])',
    'new Proxy(eval, {})("7")',
    '[..."7"].map(eval)',
    'eval`7`',
  ])('through %s', async (source) => {
    await expect(runtime.errorOf(source)).resolves.toMatchObject({
      code: 'SCRIPT_ERROR',
      details: { error: { name: 'EvalError' } },
    });
  });

  it('through a real eval or Function that was left somewhere on the way', async () => {
    const search = `
      const denied = new Set([eval, Function, (async () => 0).constructor, (function* () {}).constructor, (async function* () {}).constructor]);
      const seen = new Set(), found = [];
      const visit = (value, path) => {
        if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
        seen.add(value);
        if (typeof value === 'function' && !denied.has(value) && /^(eval|Function|AsyncFunction|GeneratorFunction|AsyncGeneratorFunction)$/.test(value.name)) found.push(path);
        for (const key of Reflect.ownKeys(value)) {
          const { value: child, get, set } = Reflect.getOwnPropertyDescriptor(value, key);
          for (const next of [child, get, set]) visit(next, path + '.' + String(key));
        }
        visit(Object.getPrototypeOf(value), path + '.__proto__');
      };
      visit(globalThis, 'globalThis');
      for (const sample of [async () => 0, function* () {}, async function* () {}, [].values(), new Map().keys(), /a/[Symbol.matchAll]('a')]) visit(sample, 'sample');
      [found, seen.size > 500]`;
    await expect(runtime.valueOf(search)).resolves.toEqual([[], true]);
  });

  it.each(['script', 'function'] as const)('through import() in a %s', async (wrap) => {
    for (const what of ['fs', 'node:fs', './main.ts', 'data:text/javascript,export default 7', '/etc/passwd']) {
      const error = await runtime.errorOf(
        `${wrap === 'function' ? 'return await ' : ''}import(${JSON.stringify(what)})`,
        {
          wrap,
        },
      );
      expect(error).toMatchObject({ code: 'SCRIPT_ERROR' });
    }
  });

  it.each(['WebAssembly', 'SharedArrayBuffer', 'Atomics', 'FinalizationRegistry', 'ShadowRealm', 'Worker'])(
    'and there is no %s',
    async (name) => {
      await expect(runtime.valueOf(`[typeof ${name}, '${name}' in globalThis]`)).resolves.toEqual(['undefined', false]);
    },
  );

  it('and no shared memory by another way', async () => {
    const source =
      'Object.getOwnPropertyNames(ArrayBuffer.prototype).includes("share") || new ArrayBuffer(8).constructor.name';
    await expect(runtime.valueOf(source)).resolves.toBe('ArrayBuffer');
  });

  it('while functions still are what they were', async () => {
    const source = `[
      (() => 0) instanceof Function,
      (async () => 0) instanceof (async () => 0).constructor,
      (function* () {}) instanceof (function* () {}).constructor,
      Function.prototype === Object.getPrototypeOf(() => 0),
      typeof Function,
    ]`;
    await expect(runtime.valueOf(source)).resolves.toEqual([true, true, true, true, 'function']);
  });
});

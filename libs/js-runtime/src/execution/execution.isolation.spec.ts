import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';

describe('What executions have in common', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    // One VM: every execution meets what the one before has left.
    runtime = await startRuntime({ poolSize: 1, maxVms: 1 });
  });

  afterAll(async () => {
    await runtime.close();
  });

  describe('of one tenant: nothing', () => {
    it.each([
      ['a global property', 'globalThis.left = 1', 'typeof left'],
      ['a global function', 'function left() {} globalThis.left = left; 1', 'typeof left'],
      ['a sloppy global', 'left = 1', 'typeof left'],
      ['a var', 'var left = 1', 'typeof left'],
      ['a lexical const', 'const left = 1', 'typeof left'],
      ['a lexical let', 'let left = 1', 'try { left } catch (e) { e.name }'],
      ['a class', 'class Left {}', 'typeof Left'],
      ['a method of Array.prototype', 'Array.prototype.left = () => 1', 'typeof [].left'],
      ['a replaced Array.prototype.map', 'Array.prototype.map = () => "left"', '[1].map((x) => x)'],
      [
        'a setter of Object.prototype',
        'Object.defineProperty(Object.prototype, "left", { set() {}, configurable: true })',
        '"left" in {}',
      ],
      ['Math', 'Math = { max: () => "left" }', 'Math.max(1, 2)'],
      ['a method of Math', 'Math.max = () => "left"', 'Math.max(1, 2)'],
      ['JSON.stringify', 'JSON.stringify = () => "left"', 'JSON.stringify({})'],
      ['Promise', 'Promise = class Left {}', 'Promise.name'],
      ['Promise.prototype.then', 'Promise.prototype.then = () => "left"', 'String(Promise.prototype.then).length > 10'],
      ['Function.prototype.call', 'Function.prototype.call = () => "left"', 'Math.max.call(null, 1)'],
      ['the iterator of arrays', 'Array.prototype[Symbol.iterator] = function* () { yield "left"; }', '[...[1]]'],
      ['the statics of RegExp', '/(l)(e)(f)t/.exec("left")', 'RegExp.$1 + RegExp.lastMatch + RegExp.input'],
      [
        'the lastIndex of a regular expression literal',
        'const r = /l/g; r.test("left"); r.lastIndex',
        '/l/g.lastIndex',
      ],
      ['Error.stackTraceLimit', 'Error.stackTraceLimit = 0', 'Error.stackTraceLimit'],
      ['Error.prepareStackTrace', 'Error.prepareStackTrace = () => "left"', 'typeof Error.prepareStackTrace'],
      ['console', 'console = "left"', 'typeof console'],
      [
        'a timer',
        'setTimeout(() => { globalThis.left = 1; }, 1); setInterval(() => { globalThis.left = 1; }, 1); 1',
        'typeof left',
      ],
      ['a frozen Object.prototype', 'Object.freeze(Object.prototype); 1', 'Object.isFrozen(Object.prototype)'],
      ['a template object', 'const f = (t) => t; f`a`', 'const f = (t) => t; Object.isFrozen(f`a`) && f`a` !== f`a`'],
      ['a sealed global object', 'Object.preventExtensions(globalThis); 1', 'Object.isExtensible(globalThis)'],
    ])('%s', async (_, mutation, look) => {
      const clean = await runtime.runAs('clean', look);
      const first = await runtime.run(mutation).catch((error: unknown) => error);
      const second = await runtime.run(look);
      expect(first).not.toMatchObject({ code: 'COMPILATION_FAILED' });
      expect(second).toMatchObject({ value: clean.value, vmId: clean.vmId });
    });

    it('also when it is the same compiled script', async () => {
      const script = await runtime.tenancy.runAs({ tenant: { id: 'acme' } }, async () =>
        runtime.compiler.compile('count.js', 'globalThis.n = (globalThis.n ?? 0) + 1'),
      );
      for (let turn = 0; turn < 3; turn++) await expect(runtime.run(script)).resolves.toMatchObject({ value: 1 });
    });

    it('but the registry of Symbol.for, which carries names only', async () => {
      await expect(runtime.valueOf('Object.keys(Symbol.for("left")).length')).resolves.toBe(0);
      await expect(runtime.valueOf('Symbol.keyFor(Symbol.for("left"))')).resolves.toBe('left');
    });

    it('a promise that settles later does not reach the next execution', async () => {
      const first = runtime.run('setTimeout(() => console.log("late"), 20); "early"');
      await expect(first).resolves.toMatchObject({ value: 'early', logs: [] });
      const wait = 'await new Promise((resolve) => setTimeout(resolve, 50)); return typeof late';
      await expect(runtime.run(wait, { wrap: 'function' })).resolves.toMatchObject({ value: 'undefined', logs: [] });
    });
  });

  describe('of two tenants: nothing', () => {
    it('each has an isolate of its own', async () => {
      const { vmId } = await runtime.runAs('acme', 'globalThis.secret = 1; Symbol.for("secret"); secret');
      const other = await runtime.runAs('globex', 'typeof secret');
      // The same process; what was in it is gone.
      expect(other).toMatchObject({ value: 'undefined', vmId });
    });

    it('each sees its own context, whatever the order', async () => {
      const two = await startRuntime({ poolSize: 2 });
      try {
        const source = 'new Promise((resolve) => setTimeout(resolve, 1, [context.tenant, context.user, input]))';
        const runs = Array.from({ length: 24 }, async (_, turn) => {
          const id = ['acme', 'globex', 'initech'][turn % 3] ?? '';
          const context = { tenant: { id, secret: `of ${id}` }, user: { id: `user ${turn}` } };
          const { value } = await two.runAs(context, source, { input: turn });
          expect(value).toEqual([context.tenant, context.user, turn]);
        });
        await Promise.all(runs);
      } finally {
        await two.close();
      }
    });

    it('the same source is compiled for each of them', async () => {
      const source = '/* shared by chance */ 1';
      const tenants = ['acme', 'globex', 'acme', 'globex'];
      const compile: unknown[] = [];
      for (const tenant of tenants) compile.push((await runtime.runAs(tenant, source)).usage.compile);
      expect(compile).toEqual(['miss', 'miss', 'hit', 'hit']);
    });
  });
});

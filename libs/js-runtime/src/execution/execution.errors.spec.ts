import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';
import type { JsRuntimeError } from '../errors/js-runtime-error.ts';

describe('How an execution fails', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime();
  });

  afterAll(async () => {
    await runtime.close();
  });

  const inFunction = async (body: string): Promise<JsRuntimeError> => runtime.errorOf(body, { wrap: 'function' });

  describe('SCRIPT_ERROR', () => {
    it.each(['script', 'function'] as const)('has the position of what a %s threw, on any line', async (wrap) => {
      const name = 'orders/total.js';
      const first = await runtime.errorOf('null.x', { name, wrap });
      expect(first).toMatchObject({
        code: 'SCRIPT_ERROR',
        details: { error: { name: 'TypeError', line: 1, column: 6 } },
      });
      const later = await runtime.errorOf(
        'const a = 1;\n\n  const f = () => {\n    throw new RangeError("no");\n  };\nf();',
        {
          name,
          wrap,
        },
      );
      expect(later).toMatchObject({
        code: 'SCRIPT_ERROR',
        message: 'RangeError: no',
        details: {
          error: {
            name: 'RangeError',
            message: 'no',
            stack: expect.stringMatching(
              /^RangeError: no\n {4}at f \(orders\/total\.js:4:11\)\n {4}at (orders\/total\.js:6:1|.*\(orders\/total\.js:6:1\))$/,
            ),
            line: 4,
            column: 11,
          },
        },
      });
    });

    it('has the position in a source that starts with a hashbang or a directive', async () => {
      for (const start of ['#!/usr/bin/env node', "'use strict';"]) {
        const error = await runtime.errorOf(`${start}\n  null.x`);
        expect(error.details.error).toMatchObject({ line: 2, column: 8 });
      }
    });

    it.each([
      ['null', 'NonError', 'null'],
      ['undefined', 'NonError', 'undefined'],
      ['"text"', 'NonError', 'text'],
      ['7', 'NonError', '7'],
      ['1n', 'NonError', '1'],
      ['Symbol("s")', 'NonError', 'Symbol(s)'],
      ['{ a: 1 }', 'NonError', '{"a":1}'],
      ['[1, 2]', 'NonError', '[1,2]'],
      ['{ message: "plain" }', 'Error', 'plain'],
      ['{ name: "Mine", message: "plain" }', 'Mine', 'plain'],
      ['function named() {}', 'NonError', 'a function was thrown'],
      ['new Proxy(function () {}, {})', 'NonError', 'a function was thrown'],
      ['new Proxy({}, { get() { throw 1; } })', 'NonError', 'an object without a message was thrown'],
      ['{ get message() { throw 1; } }', 'NonError', 'an object without a message was thrown'],
      ['{ get name() { throw 1; }, message: "m" }', 'Error', 'm'],
      ['{ get stack() { throw 1; }, message: "m" }', 'Error', 'm'],
      ['{ toJSON() { throw 1; } }', 'NonError', 'an object without a message was thrown'],
      ['{ message: 5 }', 'NonError', '{"message":5}'],
      ['Object.create(null)', 'NonError', '{}'],
      ['new (class Mine extends Error { name = "Mine"; })("m")', 'Mine', 'm'],
    ])('tells what was thrown: %s', async (thrown, name, message) => {
      for (const error of [await runtime.errorOf(`throw (${thrown})`), await inFunction(`throw (${thrown})`)]) {
        expect(error).toMatchObject({ code: 'SCRIPT_ERROR', message: `${name}: ${message}` });
        expect(error.details.error).toMatchObject({ name, message });
      }
    });

    it('cuts texts that are too long', async () => {
      const source = `const e = new Error('m'.repeat(1e6)); e.name = 'n'.repeat(1e6); throw e;`;
      const { details } = await runtime.errorOf(source);
      expect(details.error?.name).toBe('n'.repeat(256));
      expect(details.error?.message).toBe('m'.repeat(8192));
    });

    it.each([
      ['a rejection that nothing handles', 'Promise.reject(new RangeError("no")); 1'],
      ['a rejection that is the result', 'Promise.reject(new RangeError("no"))'],
      ['a rejection later on', 'Promise.resolve().then(() => { throw new RangeError("no"); }); new Promise(() => {})'],
      ['an async function', '(async () => { await undefined; throw new RangeError("no"); })()'],
      ['a timer', 'setTimeout(() => { throw new RangeError("no"); }, 1); new Promise(() => {})'],
      ['an interval', 'setInterval(() => { throw new RangeError("no"); }, 1); new Promise(() => {})'],
      ['a microtask', 'queueMicrotask(() => { throw new RangeError("no"); }); new Promise(() => {})'],
      ['a thenable', '({ then() { throw new RangeError("no"); } })'],
      ['a getter named then', '({ get then() { throw new RangeError("no"); } })'],
    ])('may come of %s', async (_, source) => {
      const error = await runtime.errorOf(source);
      expect(error).toMatchObject({ code: 'SCRIPT_ERROR', message: 'RangeError: no' });
      expect(error.details.error?.stack).toMatch(/^RangeError: no\n {4}at .*script\.js:1:\d+/);
    });

    it('may come of a rejection with no Error at all', async () => {
      for (const [thrown, text] of [
        ['null', 'null'],
        ['undefined', 'undefined'],
        ['"text"', 'text'],
      ]) {
        const message = `NonError: ${String(text)}`;
        await expect(runtime.errorOf(`Promise.reject(${String(thrown)}); 1`)).resolves.toMatchObject({ message });
        await expect(runtime.errorOf(`Promise.reject(${String(thrown)})`)).resolves.toMatchObject({ message });
      }
    });

    it.each(['{ a: 1 }', '{ get message() { throw 1; } }', '[1]', '() => 1', 'Object.create(null)', 'Symbol("s")'])(
      'says no more of a rejection with %s, which nothing handles, than that it is no error',
      async (thrown) => {
        const message = 'an object that is no error was thrown, or a promise rejected with it';
        const error = await runtime.errorOf(`Promise.reject(${thrown}); 1`);
        expect(error).toMatchObject({ code: 'SCRIPT_ERROR', message: `NonError: ${message}` });
        expect(error.details.error).toEqual({ name: 'NonError', message, stack: `NonError: ${message}` });
      },
    );

    it('does not come of a rejection that is handled', async () => {
      await expect(runtime.valueOf('Promise.reject(1).catch((e) => e + 1)')).resolves.toBe(2);
      await expect(runtime.valueOf('const p = Promise.reject(1); p.catch(() => 0); 5')).resolves.toBe(5);
    });

    it('comes of recursion without end, and the VM goes on', async () => {
      const { vmId } = await runtime.run('1');
      const error = await runtime.errorOf('(function f() { f(); })()');
      expect(error).toMatchObject({ code: 'SCRIPT_ERROR', details: { error: { name: 'RangeError' } } });
      expect(runtime.pool.vms().map(({ id }) => id)).toContain(vmId);
    });
  });

  describe('COMPILATION_FAILED', () => {
    it.each(['script', 'function'] as const)('has the position in a %s, on any line', async (wrap) => {
      const first = await runtime.errorOf('let x = ;', { wrap, name: 'a.js' });
      expect(first).toMatchObject({
        code: 'COMPILATION_FAILED',
        message: "SyntaxError: Unexpected token ';' (a.js:1:9)",
        details: {
          error: {
            name: 'SyntaxError',
            message: "Unexpected token ';'",
            stack: "SyntaxError: Unexpected token ';'\n    at a.js:1:9",
            line: 1,
            column: 9,
          },
        },
      });
      const later = await runtime.errorOf('let a;\n\n  let x = ;', { wrap, name: 'a.js' });
      expect(later.details.error).toMatchObject({ line: 3, column: 11 });
    });

    it.each([
      '} catch (e) {} {',
      '} catch {} try {',
      '} finally {} {',
      '} catch (thrown) { } try { 1',
      '}',
      '{',
      '1 } { 1',
      '/*',
      '`',
      '"',
      '(',
      'return 1',
      'await 1',
      'yield 1; const yield = 1; let let',
      "import x from 'fs'",
      'export default 1',
      'import.meta',
      '#!/x\n}',
    ])('comes of the script %p, which is none by itself', async (source) => {
      await expect(runtime.errorOf(source)).resolves.toMatchObject({ code: 'COMPILATION_FAILED' });
    });

    it.each([
      '}); 1; (async function () {',
      '}); (async function () {',
      '}()); (async function () {',
      '}, async function () {',
      '}; async function x() {',
      '} async function x() {',
      '}) + (function () {',
      '}',
      '{',
      '/*',
      '`',
      '(',
      '})',
      "import x from 'fs'",
      '#!/usr/bin/env node',
      'super()',
    ])('comes of the function body %p, which is none by itself', async (source) => {
      await expect(inFunction(source)).resolves.toMatchObject({ code: 'COMPILATION_FAILED' });
    });

    it('comes of a source that is nested too deeply, and the VM goes on', async () => {
      const { vmId } = await runtime.run('1');
      for (const wrap of ['script', 'function'] as const) {
        await expect(runtime.errorOf('('.repeat(200_000), { wrap })).resolves.toMatchObject({
          code: 'COMPILATION_FAILED',
        });
      }
      expect(runtime.pool.vms().map(({ id }) => id)).toContain(vmId);
    });
  });

  describe('RESULT_NOT_SERIALIZABLE', () => {
    it.each([
      ['a function', '', '() => 1'],
      ['a class', 'class A {};', 'A'],
      ['a symbol', '', 'Symbol("s")'],
      ['a BigInt', '', '1n'],
      ['a BigInt inside', '', '({ a: [1n] })'],
      ['a BigInt object', '', 'Object(1n)'],
      ['a cycle', 'const a = {}; a.a = a;', 'a'],
      ['a toJSON that throws', '', '({ toJSON() { throw new Error("no"); } })'],
      ['a toJSON that returns nothing', '', '({ toJSON() { } })'],
      ['a toJSON that returns a function', '', '({ toJSON: () => () => 1 })'],
      ['a getter that throws', '', '({ get a() { throw new Error("no"); } })'],
      ['a Proxy that throws', '', 'new Proxy({}, { ownKeys() { throw new Error("no"); } })'],
      ['a revoked Proxy', 'const { proxy, revoke } = Proxy.revocable({}, {}); revoke();', '[proxy]'],
    ])('comes of %s, returned or promised', async (_, prelude, result) => {
      for (const source of [`${prelude} ${result}`, `${prelude} Promise.resolve(${result})`]) {
        await expect(runtime.errorOf(source)).resolves.toMatchObject({ code: 'RESULT_NOT_SERIALIZABLE' });
      }
    });
  });

  it('names the execution, in every error', async () => {
    for (const source of ['throw 1', '(', '1n']) {
      await expect(runtime.errorOf(source, { executionId: 'order-7' })).resolves.toMatchObject({
        executionId: 'order-7',
      });
    }
  });
});

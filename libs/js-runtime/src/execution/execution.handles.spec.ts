import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';
import type { JsRuntimeError } from '../errors/js-runtime-error.ts';

/** Names of the methods of isolated-vm's handles: whatever has one of them leads out of the realm. */
const HANDLE_METHODS = ['runSync', 'deref', 'derefInto', 'applySync', 'release'];

describe('A script gets no hold of what runs it', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime();
  });

  afterAll(async () => {
    await runtime.close();
  });

  /** What a frame hands out, beside the file it is of. */
  const describeSites = `
    Error.stackTraceLimit = Infinity;
    Error.prepareStackTrace = (e, sites) => sites.map((site) => {
      const self = site.getThis(), type = self === globalThis ? 'global' : typeof self;
      site.getTypeName?.();
      return [site.getFileName() ?? '', type, typeof site.getFunction()].join(' ');
    });`;

  it('through call sites: a script sees its own global this, and nothing else', async () => {
    const sites = (await runtime.valueOf(`${describeSites} new Error().stack`)) as string[];
    expect(sites[0]).toBe('script.js global undefined');
    for (const site of sites.slice(1)) expect(site).toBe('js-runtime:realm undefined undefined');
    const strict = (await runtime.valueOf(`'use strict'; ${describeSites} new Error().stack`)) as string[];
    for (const site of strict) expect(site).toMatch(/ undefined undefined$/);
  });

  it.each([
    ['the error that is thrown', 'throw { get message() { return JSON.stringify(new Error().stack); } }'],
    ['a toJSON', '({ toJSON: () => new Error().stack })'],
    ['a thenable', '({ then: (resolve) => resolve(new Error().stack) })'],
    ['a getter named then', '({ get then() { const { stack } = new Error(); return (resolve) => resolve(stack); } })'],
    ['a timer', 'new Promise((resolve) => setTimeout(() => resolve(new Error().stack), 1))'],
    ['a microtask', 'new Promise((resolve) => queueMicrotask(() => resolve(new Error().stack)))'],
    ['a getter of what is logged', 'let stack; console.log({ get a() { stack = new Error().stack; } }); stack'],
    ['a delay', 'let stack; setTimeout(() => 0, { valueOf() { stack = new Error().stack; } }); stack'],
    ['an error of the code around it', 'try { setTimeout("text"); } catch (e) { e.stack }'],
    [
      'an endless recursion',
      'let e; (function f() { try { f(); } catch (thrown) { e ??= thrown; } })(); e.stack.slice(-5)',
    ],
  ])('through the call sites of %s', async (_, source) => {
    const sites = await runtime.run(`${describeSites} ${source}`).then(
      ({ value }) => value as string[],
      (error: unknown) => JSON.parse((error as JsRuntimeError).details.error?.message ?? '') as string[],
    );
    expect(sites.length).toBeGreaterThan(0);
    for (const site of sites) expect(site).toMatch(/^script\.js |^(js-runtime:realm)? undefined undefined$/);
  });

  it.each([
    ['a script', '(function f() { return [arguments.callee.caller, f.caller]; })()'],
    ['a toJSON', '({ toJSON: function f() { return [arguments.callee.caller, f.caller]; } })'],
    ['a thenable', '({ then: function f(resolve) { resolve([arguments.callee.caller, f.caller]); } })'],
    [
      'a timer',
      'new Promise((resolve) => setTimeout(function f() { resolve([arguments.callee.caller, f.caller]); }, 1))',
    ],
    [
      'a microtask',
      'new Promise((resolve) => queueMicrotask(function f() { resolve([arguments.callee.caller, f.caller]); }))',
    ],
    [
      'a delay',
      'let seen; function f() { seen = [arguments.callee.caller, f.caller]; } setTimeout(f, { valueOf: f }); seen',
    ],
  ])('through the callers of a function of %s', async (_, source) => {
    // As text: a function would be null in JSON, too.
    await expect(runtime.valueOf(`Function.prototype.toJSON = () => 'a function'; ${source}`)).resolves.toEqual([
      null,
      null,
    ]);
  });

  it('through the callers of the function that a body is made', async () => {
    const body = `return (function f() {
      const own = f.caller;
      try { return [String(own).includes('f.caller'), own.caller]; } catch (error) { return error.name; }
    })()`;
    // That function is the script's; V8 does not tell who called an async one.
    await expect(runtime.valueOf(body, { wrap: 'function' })).resolves.toBe('TypeError');
  });

  /** Whether an object is one of the language's or of the script's own, by its prototypes. */
  const defineIsForeign = `
    const known = new Set(Object.getOwnPropertyNames(globalThis).map((name) => globalThis[name]?.prototype));
    const isForeign = (value) => {
      if ((typeof value !== 'object' && typeof value !== 'function') || value === globalThis) return false;
      for (let at = Object.getPrototypeOf(value); at !== null; at = Object.getPrototypeOf(at)) if (!known.has(at)) return true;
      return false;
    };`;

  it.each([
    ['that settles at once', '({ result: 1 })', { result: 1 }],
    ['that throws', 'throw new Error("no")', 'SCRIPT_ERROR'],
    ['with timers', 'new Promise((resolve) => setTimeout(resolve, 2, { result: 1 }))', { result: 1 }],
    ['with a rejection', 'Promise.reject(new Error("no")); 1', 'SCRIPT_ERROR'],
  ])('through what it leaves on Object.prototype: a script %s', async (_, source, expected) => {
    const keys = [...HANDLE_METHODS, 'reference', 'copy', 'externalCopy', 'promise', 'timeout', 'arguments', 'result'];
    const tamper = `${defineIsForeign}
      const { log } = console;
      const keys = [...${JSON.stringify(keys)}, 'then', 'async', 'cachedData', 'filename', '0', Symbol.toPrimitive, Symbol.toStringTag];
      for (const key of keys) Object.defineProperty(Object.prototype, key, {
        __proto__: null, configurable: true,
        get() { if (isForeign(this)) log(String(key)); return undefined; },
        set(value) {
          if (isForeign(this) || isForeign(value)) log(String(key));
          Reflect.defineProperty(this, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
        },
      });`;
    const outcome = await runtime.run(`${tamper}\n${source}`).then(
      ({ value, logs }) => ({ value, logs }),
      (error: unknown) => ({ value: (error as JsRuntimeError).code, logs: (error as JsRuntimeError).logs }),
    );
    expect(outcome).toEqual({ value: expected, logs: [] });
  });

  it('the check for foreign objects above finds one', async () => {
    const source = `${defineIsForeign} [isForeign(new (class Own {})()), isForeign({}), isForeign([]), isForeign(new RangeError())]`;
    await expect(runtime.valueOf(source)).resolves.toEqual([true, false, false, false]);
  });

  it.each(['script', 'function'] as const)('through anything that can be reached in a %s', async (wrap) => {
    const search = `
      const methods = new Set(${JSON.stringify(HANDLE_METHODS)});
      const seen = new Set(), found = [];
      const visit = (root, rootPath) => {
        const open = [[root, rootPath]];
        while (open.length > 0) {
          const [value, path] = open.pop();
          if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) continue;
          seen.add(value);
          for (const key of Reflect.ownKeys(value)) {
            if (methods.has(key) && value !== WeakRef.prototype) found.push(path + '.' + key);
            const { value: child, get, set } = Reflect.getOwnPropertyDescriptor(value, key);
            for (const next of [child, get, set]) open.push([next, path + '.' + String(key)]);
            // What a getter of the language gives for this object.
            if (get) try { open.push([Reflect.apply(get, value, []), path + '.' + String(key) + '()']); } catch {}
          }
          open.push([Reflect.getPrototypeOf(value), path + '.__proto__']);
        }
      };
      const visitAll = (values, path) => { for (const value of values) visit(value, path); };
      Error.prepareStackTrace = (error, sites) => {
        for (const site of sites) visitAll([site, site.getThis(), site.getFunction()], 'site');
        return '';
      };
      const look = (path) => function (...args) { visitAll([this, ...args, new Error().stack], path); };
      const roots = async () => {
        visitAll([globalThis, context, input, this], 'root');
        visitAll([async () => 0, function* () {}, async function* () {}, [].values(), new Map().keys()], 'sample');
        setTimeout(look('timer'), 1, {});
        queueMicrotask(look('microtask'));
        JSON.stringify({ toJSON: look('toJSON') });
        console.log({ toJSON: look('logged') }, { get a() { look('getter').call(this); } });
        for (const provoke of [() => setTimeout('text'), () => eval('1'), () => structuredClone(roots), () => new Function('1')]) {
          try { provoke(); } catch (error) { visit(error, 'error'); void error.stack; }
        }
        await import('fs').catch(look('import'));
        await { then(resolve, reject) { look('then')(resolve, reject); resolve(); } };
        await new Promise((resolve) => setTimeout(resolve, 5));
        return [found, seen.size > 500];
      };`;
    const text = wrap === 'function' ? `${search} return roots();` : `${search} roots();`;
    await expect(runtime.valueOf(text, { wrap, input: { a: [1] } })).resolves.toEqual([[], true]);
  });
});

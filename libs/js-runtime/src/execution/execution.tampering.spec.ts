import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';

/** What a script may do to the intrinsics before the code around it runs again. */
const tampering: Record<string, string> = {
  'Promise.prototype.then that throws': 'Promise.prototype.then = () => { throw new Error("evil"); };',
  'Promise.prototype.then that never calls back': 'Promise.prototype.then = () => {};',
  'Promise.prototype.catch and finally': 'Promise.prototype.catch = Promise.prototype.finally = () => { throw 1; };',
  'a getter for Promise.prototype.constructor':
    'Object.defineProperty(Promise.prototype, "constructor", { get() { return Promise; } });',
  'Promise.resolve and reject': 'Promise.resolve = Promise.reject = () => { throw 1; };',
  'no Promise at all': 'delete globalThis.Promise;',
  'JSON.stringify and parse': 'JSON.stringify = JSON.parse = () => "evil";',
  'no JSON at all': 'delete globalThis.JSON;',
  'the iterator of arrays': 'Array.prototype[Symbol.iterator] = () => { throw 1; };',
  'methods of arrays':
    'for (const k of ["push", "map", "join", "slice", "forEach"]) Array.prototype[k] = () => { throw 1; };',
  'methods of strings':
    'for (const k of ["slice", "split", "includes", "replace"]) String.prototype[k] = () => "evil";',
  'Function.prototype.call, apply and bind':
    'for (const k of ["call", "apply", "bind"]) Function.prototype[k] = () => { throw 1; };',
  'no Reflect and no Object': 'delete globalThis.Reflect; Object.freeze = Object.keys = null; Object = null;',
  'Symbol.hasInstance':
    'for (const C of [Object, Error, Promise, Array]) Object.defineProperty(C, Symbol.hasInstance, { value() { throw 1; } });',
  String: 'String = () => "evil";',
  'Error.isError': 'Error.isError = () => { throw 1; };',
  'Date.now': 'Date.now = () => { throw 1; }; Date = null;',
  'Error.stackTraceLimit': 'Error.stackTraceLimit = Infinity;',
  'Error.captureStackTrace': 'Error.captureStackTrace = () => { throw 1; };',
  'a getter for Object.prototype.then':
    'Object.defineProperty(Object.prototype, "then", { get() { return undefined; }, set() { throw 1; } });',
  'Symbol.toPrimitive, toString and valueOf':
    'for (const k of [Symbol.toPrimitive, "toString", "valueOf"]) Object.prototype[k] = () => { throw 1; };',
  'indexes of arrays':
    'for (const k of [0, 1, 2]) Object.defineProperty(Array.prototype, k, { get() { return "evil"; }, set() { throw 1; } });',
};

/** A property of Object.prototype that takes every write and shows up in every read. */
const inherited = (name: string): string =>
  `Object.defineProperty(Object.prototype, ${JSON.stringify(name)}, {
     __proto__: null, configurable: true, get() { return "evil"; }, set() { throw new Error("evil"); } });`;
for (const name of [
  'name',
  'message',
  'stack',
  'value',
  'get',
  'set',
  'writable',
  '0',
  'length',
  'level',
  'next',
  'id',
  // What isolated-vm's handles have, and reads from options.
  'reference',
  'copy',
  'externalCopy',
  'promise',
  'timeout',
  'release',
  'runSync',
  'deref',
  'arguments',
  'result',
]) {
  tampering[`an Object.prototype.${name}`] = inherited(name).replaceAll(/\s+/g, ' ');
}

/** Parts of paths and names that exist on this machine only, or in the code around the scripts. */
const OURS = /file:|node:|\/work|libs\/|sandbox|js-runtime:realm|isolated-vm|process\.|internal/;

function textOf(outcome: unknown): string {
  if (!(outcome instanceof JsRuntimeError)) return JSON.stringify(outcome);
  const { message, details, logs, stack } = outcome;
  // The first line of the stack is the message; the rest is of this process, and is not shown to a tenant.
  return JSON.stringify({ message, details, logs, header: stack?.split('\n    at ')[0] });
}

describe('A script that has tampered with', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime();
  });

  afterAll(async () => {
    await runtime.close();
  });

  // Named as a file of the code around it, so that frames of that would be taken for the script's.
  const name = 'execution.ts';

  describe.each(Object.entries(tampering))('%s', (_, tamper) => {
    it('gets its result', async () => {
      const value = { a: [1, 'two', null], b: { c: true } };
      const json = JSON.stringify(value);
      await expect(runtime.valueOf(`${tamper}\n(${json})`)).resolves.toEqual(value);
      await expect(runtime.valueOf(`${tamper}\nreturn ${json}`, { wrap: 'function' })).resolves.toEqual(value);
      await expect(runtime.valueOf(`${tamper}\n(async () => (${json}))()`)).resolves.toEqual(value);
    });

    it('gets what comes of timers and microtasks', async () => {
      const source = `const P = Promise; ${tamper}
        queueMicrotask(() => console.log('microtask'));
        new P((resolve) => {
          let n = 0;
          const id = setInterval((by) => {
            n += by;
            if (n < 6) return;
            clearInterval(id);
            setTimeout((a) => resolve([n, a]), 5, 'late');
          }, 1, 2);
        })`;
      const { value, logs } = await runtime.run(source);
      expect(value).toEqual([6, 'late']);
      expect(logs).toEqual([{ level: 'log', message: 'microtask' }]);
    });

    it('gets its logs', async () => {
      const { logs } = await runtime.run(`${tamper}\nconsole.warn('text', 1, null, [1, { a: 2 }])`);
      expect(logs).toEqual([{ level: 'warn', message: 'text 1 null [1,{"a":2}]' }]);
    });

    it.each([
      ['thrown', 'throw new RangeError("no")'],
      ['thrown by a function it calls', '[1].at(0); (() => { throw new RangeError("no"); })()'],
      ['of an async function', '(async () => { throw new RangeError("no"); })()'],
      [
        'of a timer',
        'setTimeout(() => { throw new RangeError("no"); }, 1); (async () => { for (;;) await forever; })()',
      ],
      ['of a microtask', 'queueMicrotask(() => { throw new RangeError("no"); }); forever'],
    ])('gets the error %s, with its position', async (_kind, source) => {
      const error = await runtime.errorOf(`const forever = new Promise(() => {}); ${tamper}\n${source}`, { name });
      expect(error).toMatchObject({ code: 'SCRIPT_ERROR', message: 'RangeError: no' });
      expect(error.details.error).toMatchObject({ name: 'RangeError', message: 'no', line: 2 });
      expect(textOf(error)).not.toMatch(OURS);
    });
  });
});

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

import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';
import { OURS, textOf } from '../../test-support/what-a-tenant-sees.ts';

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

import { attack, ends, throws, value, type Table } from '../attack.ts';

const inFunction = { wrap: 'function' } as const;
const short = { limits: { timeoutMs: 300 } } as const;
const TRAPS =
  '["get", "has", "ownKeys", "getOwnPropertyDescriptor", "getPrototypeOf", "isExtensible", "apply", "construct", "set", "defineProperty"]';

/** To confuse, break or block what carries values, errors and logs out of the realm. */
export const bridge: Table = {
  category: 'bridge',
  limits: { timeoutMs: 20_000 },
  // prettier-ignore
  attacks: [
    // Results.
    attack('a result with a cycle', 'own', 'const o = {}; o.o = o; o', ends('RESULT_NOT_SERIALIZABLE')),
    attack('a result 1e5 deep', 'own', 'let o = 1; for (let i = 0; i < 1e5; i++) o = [o]; o', ends('RESULT_NOT_SERIALIZABLE')),
    attack('a result 1e6 deep', 'own', 'let o = 1; for (let i = 0; i < 1e6; i++) o = [o]; o', ends('RESULT_TOO_LARGE', 'RESULT_NOT_SERIALIZABLE', 'MEMORY_LIMIT_EXCEEDED')),
    attack('a result 1001 deep, which JSON can write', 'own', 'let o = 1; for (let i = 0; i < 1001; i++) o = { o }; o', ends('RESULT_NOT_SERIALIZABLE')),
    attack('a string of half a gigabyte', 'own', '"x".repeat(2 ** 29 - 24)', ends('RESULT_TOO_LARGE', 'MEMORY_LIMIT_EXCEEDED', 'RESULT_NOT_SERIALIZABLE')),
    attack('a string of more than V8 has', 'own', '"x".repeat(2 ** 30)', throws('RangeError')),
    attack('a result a little too large', 'own', '"x".repeat(2 ** 20)', ends('RESULT_TOO_LARGE')),
    attack('a result that grows when it is escaped', 'own', '"\\u0000".repeat(2 ** 18)', ends('RESULT_TOO_LARGE')),
    attack('a result with more bytes than characters', 'own', '"\\u{10ffff}".repeat(2 ** 18)', ends('RESULT_TOO_LARGE')),
    attack('half a surrogate pair', 'own', '["\\ud800", "\\udc00x"]', value(['\ud800', '\udc00x'])),
    attack('a sparse array of 2**32 - 1', 'own', 'const a = []; a[2 ** 32 - 2] = 1; a', ends( 'MEMORY_LIMIT_EXCEEDED', 'RESULT_TOO_LARGE', 'RESULT_NOT_SERIALIZABLE', 'WALL_TIME_LIMIT_EXCEEDED'), short),
    attack('an array whose length lies', 'own', 'new Proxy([], { get: (t, k) => k === "length" ? 2 ** 53 - 1 : 1 })', ends('WALL_TIME_LIMIT_EXCEEDED', 'MEMORY_LIMIT_EXCEEDED', 'RESULT_NOT_SERIALIZABLE'), short),
    attack('a BigInt', 'own', '10n ** 100n', ends('RESULT_NOT_SERIALIZABLE')),
    attack('a BigInt inside', 'own', '({ a: [1n] })', ends('RESULT_NOT_SERIALIZABLE')),
    attack('a function, a symbol', 'own', 'Symbol("x")', ends('RESULT_NOT_SERIALIZABLE')),
    attack('a member named __proto__', 'own', 'JSON.parse(\'{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}\')', value(JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'))),
    attack('names of the response', 'own', '({ code: "OK", executionId: "x", then: 1, status: 500, logs: [], usage: null })', value({ code: 'OK', executionId: 'x', then: 1, status: 500, logs: [], usage: null })),
    attack('a toJSON that returns itself', 'own', 'const o = { toJSON() { return o; } }; o', value({})),
    attack('a toJSON that throws a Proxy', 'own', `({ toJSON() { throw new Proxy({}, Object.fromEntries(${TRAPS}.map((k) => [k, () => { throw 1; }]))); } })`, ends('RESULT_NOT_SERIALIZABLE')),
    attack('a toJSON of BigInt.prototype', 'own', 'BigInt.prototype.toJSON = function () { return { big: this > 0 }; }; [1n]', value([{ big: true }])),
    attack('a Proxy whose every trap throws', 'own', `new Proxy({}, Object.fromEntries(${TRAPS}.map((k) => [k, () => { throw new Error("trap"); }])))`, throws('Error')),
    attack('a Proxy that was revoked', 'own', 'const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); proxy', throws('TypeError')),
    attack('a Proxy 1e5 deep', 'own', 'let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p', ends('SCRIPT_ERROR', 'RESULT_NOT_SERIALIZABLE')),
    attack('a getter that changes what is written', 'own', 'const o = { get a() { delete o.b; o.c = 1; return o; }, b: 1 }; o', ends('RESULT_NOT_SERIALIZABLE')),
    attack('a getter that loops', 'own', '({ get a() { for (;;); } })', ends('WALL_TIME_LIMIT_EXCEEDED'), short),
    attack('a raw number that no double is', 'own', 'JSON.rawJSON("1e999999")', value(null)),
    attack('half a surrogate pair in raw JSON', 'own', 'JSON.rawJSON(\'"\\ud800"\')', value('\ufffd')),
    attack('raw JSON text that looks like the protocol', 'own', '"v" + JSON.stringify({ state: "p0" })', value('v{"state":"p0"}')),

    // Thenables and promises.
    attack('a thenable that calls back twice', 'own', '({ then(resolve, reject) { resolve(1); resolve(2); reject(3); throw 4; } })', value(1)),
    attack('a thenable that resolves to itself', 'own', 'const t = { then(resolve) { resolve(t); } }; t', ends('WALL_TIME_LIMIT_EXCEEDED'), short),
    attack('a thenable that keeps resolve for later', 'own', 'let n = 0; ({ then(resolve) { setTimeout(() => { resolve(++n); resolve(++n); }, 1); } })', value(1)),
    attack('a then that is a getter with a life of its own', 'own', 'let n = 0; ({ get then() { return n++ ? 1 : (resolve) => resolve(7); } })', value(7)),
    attack('a Symbol.species for our await', 'GHSA-76w7-j9cq-rx2j', 'class P extends Promise { static get [Symbol.species]() { return function (run) { run(() => { throw 1; }, () => { throw 2; }); }; } } P.resolve(5)', value(5)),
    attack('a promise with its own constructor', 'own', 'const p = Promise.resolve(6); Object.defineProperty(p, "constructor", { get() { throw new Error("no"); } }); p', throws('Error')),
    attack('a promise with its own then', 'own', 'const p = Promise.resolve(1); p.then = (resolve) => resolve("mine"); p', value(1)),
    attack('a promise that settles after its result', 'own', 'return 1; await 0', value(1), inFunction),

    // Errors.
    attack('a throw of undefined', 'own', 'throw undefined', throws('NonError')),
    attack('a throw of a symbol', 'own', 'throw Symbol("x")', throws('NonError')),
    attack('a throw of a function with a name', 'own', 'throw Object.assign(() => 1, { message: "x".repeat(1e6), stack: {} })', throws('NonError')),
    attack('a throw of a null prototype', 'GHSA-9vg3-4rfj-wgcm', 'throw { __proto__: null, name: "TypeError" }', throws('TypeError')),
    attack('a throw of a Proxy whose every trap throws', 'own', `throw new Proxy({}, Object.fromEntries(${TRAPS}.map((k) => [k, () => { throw 1; }])))`, throws('NonError')),
    attack('a throw of something with a message of a megabyte', 'own', 'throw new Error("\\n    at x".repeat(2 ** 17))', throws('Error')),
    attack('a name and a message that are no strings', 'own', 'throw { name: { toString() { throw 1; } }, message: 1n, stack: [] }', throws('NonError')),
    attack('an error with ten thousand causes', 'GHSA-m283-3h24-438v', 'let e = new Error("0"); for (let i = 1; i < 1e4; i++) e = new Error(String(i), { cause: e }); throw new AggregateError([e, e], "all")', throws('AggregateError')),
    attack('a stack with positions that nobody has', 'own', 'const e = new Error("x"); e.stack = "Error: x\\n    at script.js:99999999999:0\\n    at script.js:-1:NaN"; throw e', throws('Error')),
    attack('an Error.prepareStackTrace that loops', 'own', 'Error.prepareStackTrace = () => { for (;;); }; throw new Error("x")', ends('WALL_TIME_LIMIT_EXCEEDED'), short),
    attack('an Error.prepareStackTrace that returns a Proxy', 'own', 'Error.prepareStackTrace = () => new Proxy({}, { get() { throw new Error("inner"); } }); throw new Error("outer")', throws('Error')),
    attack('a text of isolated-vm that lies about time', 'own', 'throw new Error("Script execution timed out.")', throws('Error')),
    attack('a text of isolated-vm that lies about memory', 'own', 'Promise.reject(new Error("Isolate was disposed during execution due to memory limit")); 1', throws('Error')),
    attack('a rejection with nothing to handle it', 'GHSA-hw58-p9xv-2mjh', 'Promise.reject({ get stack() { throw 1; }, get message() { throw 2; } }); 1', ends('SCRIPT_ERROR')),
    attack('a hundred thousand rejections', 'own', 'for (let i = 0; i < 1e5; i++) Promise.reject(i); 1', ends('SCRIPT_ERROR', 'MEMORY_LIMIT_EXCEEDED')),

    attack('a syntax error of 100 KB', 'own', `/${'a'.repeat(100_000)}(/`, ends('COMPILATION_FAILED')),
    attack('a syntax error of 100 KB in a body', 'own', `break ${'b'.repeat(100_000)};`, ends('COMPILATION_FAILED'), inFunction),
    attack('a syntax error that looks like its position', 'own', '/[ [x:0:0]/; let [ [y:-1:99999999999999999999] = ;', ends('COMPILATION_FAILED'), { name: 'a [b:0:0' }),

    // Logs.
    attack('a flood of logs', 'own', 'for (let i = 0; i < 1e6; i++) console.log(i); "done"', value('done')),
    attack('a log of a megabyte', 'own', 'console.log("x".repeat(2 ** 20)); "done"', value('done', ['x'.repeat(2 ** 16), '[log limit reached: further output was dropped]'])),
    attack('a log of half a gigabyte', 'own', 'try { console.log("x".repeat(2 ** 29 - 24), "y"); } catch (e) { e.name }', value('RangeError')),
    attack('a log that logs', 'own', 'const o = { toJSON() { console.log(o); return 1; } }; console.log(o); "done"', value('done')),
    attack('a log of 1e5 arguments', 'own', 'console.log(...Array(1e5).fill("x")); "done"', value('done')),
    attack('a log that forges entries', 'own', 'console.log(\'"},{"level":"error","message":"forged\'); 1', value(1, ['"},{"level":"error","message":"forged'])),
    attack('a log with a symbol, with a loop', 'own', 'console.log(Symbol("a"), { get a() { for (;;); } })', ends('WALL_TIME_LIMIT_EXCEEDED'), short),
    attack('a log whose Symbol.toPrimitive throws', 'own', 'String = () => { throw 1; }; console.log(1n, Symbol("x"), null, undefined); 1', value(1, ['1 Symbol(x) null undefined'])),

    // What the bridge writes to, reads and calls.
    attack('setters of Object.prototype', 'vm2 ATTACKS.md category 2', 'for (const k of ["name", "message", "stack", "level", "value", "get", "set", "reference", "timeout", "copy", "toJSON"]) Object.defineProperty(Object.prototype, k, { __proto__: null, configurable: true, get() { return undefined; }, set() { throw new Error("set " + k); } }); console.log({ a: 1 }); ({ ok: 1 })', value({ ok: 1 })),
    attack('an Array.prototype that throws', 'own', 'for (const k of Reflect.ownKeys(Array.prototype)) { try { Object.defineProperty(Array.prototype, k, { get() { throw new Error(String(k)); } }); } catch {} } console.log("x"); ({ ok: 1 })', value({ ok: 1 })),
    attack('no intrinsics at all', 'own', 'const names = Object.getOwnPropertyNames(globalThis); for (const n of names) { try { delete globalThis[n]; } catch {} } 7', value(7)),
    attack('structuredClone of what has a life of its own', 'own', 'const o = { get a() { o.b = o; return new Proxy([], {}); } }; Object.keys(structuredClone(o))', value(['a'])),
    attack('a Symbol.species for structuredClone', 'own', 'class B extends ArrayBuffer { static get [Symbol.species]() { return function () { return globalThis; }; } } try { structuredClone(new B(8)); "cloned" } catch (e) { e.name }', value('TypeError')),
    attack('a timer with arguments that are traps', 'own', 'setTimeout((p) => {}, { valueOf() { throw new Error("delay"); } }, new Proxy({}, {}))', throws('Error')),
    attack('a delay that is a lie', 'own', 'for (const d of [NaN, -1, Infinity, 2 ** 31, "1", null, 1n ** 1n === 1n ? 0 : 1]) setTimeout(() => {}, d); 1', value(1)),
    attack('an input 1001 deep', 'own', 'typeof input', ends('INVALID_REQUEST'), { input: deep(1001) }),
    attack('an input with __proto__', 'own', '[Object.keys(input), typeof ({}).polluted, Object.getPrototypeOf(input) === Object.prototype]', value([['__proto__'], 'undefined', true]), { input: JSON.parse('{"__proto__":{"polluted":1}}') }),
    attack('an executionId that is a path', 'own', '1', ends('INVALID_REQUEST'), { executionId: '../../x' }),
    attack('a file name of many lines', 'own', 'throw new Error("x")', ends('INVALID_REQUEST', 'SCRIPT_ERROR'), {
      name: 'a.js\n    at file:///secret.js:1:1',
    }),
  ],
};

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

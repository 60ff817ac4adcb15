import {
  attack,
  ends,
  survives,
  throws,
  value,
  wrongAt,
  type Attack,
  type Expected,
  type More,
  type Table,
} from '../attack.ts';

const LATE = ends('WALL_TIME_LIMIT_EXCEEDED');
const short = { limits: { timeoutMs: 300 } } as const;

/** What may be thrown, and what it comes to. */
const THROWN: readonly (readonly [name: string, thrown: string, expected: Expected, more?: More])[] = [
  ['undefined', 'undefined', throws('NonError')],
  ['null', 'null', throws('NonError')],
  ['a number', '1e21', throws('NonError')],
  ['a text of 50 MB', '"x".repeat(5e7)', ends('SCRIPT_ERROR', 'MEMORY_LIMIT_EXCEEDED')],
  ['a BigInt', '10n ** 100n', ends('SCRIPT_ERROR')],
  ['a symbol', 'Symbol("x")', ends('SCRIPT_ERROR')],
  ['a function', 'Object.assign(() => 1, { message: "x" })', ends('SCRIPT_ERROR')],
  ['an object', '{ name: "TypeError", message: "x", stack: "y" }', ends('SCRIPT_ERROR')],
  ['a null prototype', '{ __proto__: null }', ends('SCRIPT_ERROR')],
  [
    'a Proxy whose every trap throws',
    'new Proxy({}, Object.fromEntries(["get", "has", "ownKeys", "getPrototypeOf", "getOwnPropertyDescriptor"].map((k) => [k, () => { throw 1; }])))',
    ends('SCRIPT_ERROR'),
  ],
  [
    'a Proxy whose every trap loops',
    'new Proxy({}, Object.fromEntries(["get", "has", "ownKeys", "getPrototypeOf", "getOwnPropertyDescriptor"].map((k) => [k, () => { for (;;); }])))',
    ends('SCRIPT_ERROR', 'WALL_TIME_LIMIT_EXCEEDED'),
    short,
  ],
  [
    'a Proxy of an error',
    'new Proxy(new Error("x"), { get() { for (;;); } })',
    ends('SCRIPT_ERROR', 'WALL_TIME_LIMIT_EXCEEDED'),
    short,
  ],
  [
    'a Proxy that was revoked',
    '(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; })()',
    ends('SCRIPT_ERROR'),
  ],
  ['a promise', 'Promise.resolve(1)', ends('SCRIPT_ERROR')],
  ['something to be awaited', '{ then(resolve) { resolve(1); } }', ends('SCRIPT_ERROR')],
  [
    'an error with a message that loops',
    'Object.defineProperty(new Error("x"), "message", { get() { for (;;); } })',
    ends('SCRIPT_ERROR', 'WALL_TIME_LIMIT_EXCEEDED'),
    short,
  ],
  [
    'an error with a stack that loops',
    'Object.defineProperty(new Error("x"), "stack", { get() { for (;;); } })',
    ends('SCRIPT_ERROR', 'WALL_TIME_LIMIT_EXCEEDED'),
    short,
  ],
  [
    'an error with a name that loops',
    'Object.defineProperty(new Error("x"), "name", { get() { for (;;); } })',
    ends('SCRIPT_ERROR', 'WALL_TIME_LIMIT_EXCEEDED'),
    short,
  ],
  [
    'an error with a constructor that loops',
    'Object.defineProperty(new Error("x"), "constructor", { get() { for (;;); } })',
    ends('SCRIPT_ERROR', 'WALL_TIME_LIMIT_EXCEEDED'),
    short,
  ],
  [
    'an error with a message that throws',
    'Object.defineProperty(new Error("x"), "message", { get() { throw new Error("inner"); } })',
    ends('SCRIPT_ERROR'),
  ],
  [
    'an error with a stack that throws',
    'Object.defineProperty(new Error("x"), "stack", { get() { throw new Error("inner"); } })',
    ends('SCRIPT_ERROR'),
  ],
  [
    'an error with a stack that is no text',
    'Object.assign(new Error("x"), { stack: { toString() { for (;;); } }, name: 1n, message: Symbol("x") })',
    ends('SCRIPT_ERROR', 'WALL_TIME_LIMIT_EXCEEDED'),
    short,
  ],
  [
    'an error of a class whose name loops',
    'new (class extends Error { get name() { for (;;); } })("x")',
    ends('SCRIPT_ERROR', 'WALL_TIME_LIMIT_EXCEEDED'),
    short,
  ],
  ['an error without a prototype', 'Object.setPrototypeOf(new Error("x"), null)', ends('SCRIPT_ERROR')],
  [
    'an error whose prototype is a Proxy that loops',
    'Object.setPrototypeOf(new Error("x"), new Proxy({}, { get() { for (;;); }, getPrototypeOf() { for (;;); } }))',
    ends('SCRIPT_ERROR', 'WALL_TIME_LIMIT_EXCEEDED'),
    short,
  ],
  [
    'an error with a message that fills the heap',
    'Object.defineProperty(new Error("x"), "message", { get() { const all = []; for (;;) all.push([]); } })',
    ends('MEMORY_LIMIT_EXCEEDED', 'SCRIPT_ERROR', 'WALL_TIME_LIMIT_EXCEEDED', 'CPU_TIME_LIMIT_EXCEEDED'),
  ],
  ['an error with a message of 64 MB', 'new Error("x".repeat(2 ** 26))', ends('SCRIPT_ERROR', 'MEMORY_LIMIT_EXCEEDED')],
  [
    'an error with a stack of 64 MB',
    'Object.assign(new Error("x"), { stack: "Error: x\\n    at script.js:1:1".repeat(2 ** 21) })',
    ends('SCRIPT_ERROR', 'MEMORY_LIMIT_EXCEEDED'),
  ],
  [
    'an error with a name of 64 MB',
    'Object.assign(new Error("x"), { name: "x".repeat(2 ** 26) })',
    ends('SCRIPT_ERROR', 'MEMORY_LIMIT_EXCEEDED'),
  ],
  [
    'an error with a message of 2 MB of lines',
    'new Error("\\n    at script.js:1:1".repeat(1e5))',
    ends('SCRIPT_ERROR'),
  ],
  [
    'an error with half a surrogate pair',
    'Object.assign(new Error("\\ud800"), { name: "\\udc00" })',
    ends('SCRIPT_ERROR'),
  ],
  [
    'ten thousand causes',
    'Array.from({ length: 1e4 }).reduce((cause) => new Error("x", { cause }), undefined)',
    throws('Error'),
  ],
  [
    'an AggregateError',
    'new AggregateError(Array.from({ length: 1e4 }, () => new Error("x")), "all")',
    ends('SCRIPT_ERROR'),
  ],
  ['a text of isolated-vm that lies about time', 'new Error("Script execution timed out.")', throws('Error')],
  [
    'a text of isolated-vm that lies about memory',
    'new RangeError("Array buffer allocation failed: Isolate was disposed during execution due to memory limit")',
    throws('RangeError'),
  ],
  [
    'a message of V8 that lies about modules',
    `new SyntaxError("The requested module 'd' does not provide an export named 'x'")`,
    ends('SCRIPT_ERROR'),
  ],
  [
    'a stack that lies about files',
    'Object.assign(new Error("x"), { stack: "Error: x\\n    at file:///etc/passwd:1:1\\n    at script.js:99999999:0\\n    at (<isolated-vm boundary>)\\n    at script.js:7:7" })',
    throws('Error', '?:?:?'),
  ],
];

/** Whatever the module spoils first. */
const SPOILT: readonly (readonly [name: string, spoil: string])[] = [
  ['a prepareStackTrace that loops', 'Error.prepareStackTrace = () => { for (;;); };'],
  [
    'a prepareStackTrace that returns a Proxy',
    'Error.prepareStackTrace = () => new Proxy({}, { get() { for (;;); } });',
  ],
  [
    'a prepareStackTrace that fills the heap',
    'Error.prepareStackTrace = () => { const all = []; for (;;) all.push([]); };',
  ],
  ['a prepareStackTrace that returns 64 MB', 'Error.prepareStackTrace = () => "x".repeat(2 ** 26);'],
  ['a prepareStackTrace that throws itself', 'Error.prepareStackTrace = (e) => { throw e; };'],
  ['a name of all errors that loops', 'Object.defineProperty(Error.prototype, "name", { get() { for (;;); } });'],
  ['a message of all errors that loops', 'Object.defineProperty(Error.prototype, "message", { get() { for (;;); } });'],
  ['a text of all errors that loops', 'Error.prototype.toString = Object.prototype.toString = () => { for (;;); };'],
  [
    'a constructor of all errors that loops',
    'Object.defineProperty(Error.prototype, "constructor", { get() { for (;;); } });',
  ],
  [
    'a stack of all objects that loops',
    'Object.defineProperty(Object.prototype, "stack", { get() { for (;;); }, set() { for (;;); } });',
  ],
];
const ANY_END = ends('SCRIPT_ERROR', 'WALL_TIME_LIMIT_EXCEEDED', 'MEMORY_LIMIT_EXCEEDED', 'CPU_TIME_LIMIT_EXCEEDED');

function inModule(name: string, script: string, expected: Expected, more: More = {}): Attack {
  return attack(name, 'own', script, expected, { wrap: 'module', ...more });
}

/** To have code run, or text copied, by whoever takes an error of a module's evaluation out of the realm. */
export const moduleErrors: Table = {
  category: 'module errors',
  limits: { timeoutMs: 5000, maxCpuMs: 1000, maxMemoryMb: 64 },
  measuresMemory: true,
  // prettier-ignore
  attacks: [
    ...THROWN.map(([name, thrown, expected, more]) => inModule(`a throw of ${name}`, `throw ${thrown}; export default 1`, expected, more)),
    ...THROWN.map(([name, thrown, expected, more]) => inModule(`a throw behind an await of ${name}`, `await 0; throw ${thrown}; export default 1`, expected, more)),
    ...THROWN.map(([name, thrown, expected, more]) => inModule(`a rejection with ${name}`, `Promise.reject(${thrown.startsWith('{') ? `(${thrown})` : thrown}); export default 1`, expected, more)),
    ...SPOILT.map(([name, spoil]) => inModule(`a throw with ${name}`, `${spoil} throw new Error("x"); export default 1`, ANY_END, short)),
    ...SPOILT.map(([name, spoil]) => inModule(`a rejection with ${name}`, `${spoil} setTimeout(() => { Promise.reject(new Error("x")); }, 1); await new Promise(() => {}); export default 1`, ANY_END, short)),
    ...SPOILT.map(([name, spoil]) => inModule(`a wrong import with ${name}`, `${spoil} export default import("d")`, ANY_END, short)),

    inModule('a throw in what it imports', 'import "d"; export default 1', throws('TypeError', 'd:2:8'), { modules: { d: '\n  null.x' } }),
    inModule('a throw in a function of what it imports', 'import f from "d";\nexport default () => f()', throws('RangeError', 'd:1:30'), { modules: { d: 'export default () => { throw new RangeError("x"); }' } }),
    inModule('a throw in what two import', 'import "a"; import "b"; export default 1', throws('Error', 'd:1:7'), { modules: { a: 'import "d"', b: 'import "d"', d: 'throw new Error("x")' } }),
    inModule('a throw in a cycle', 'import "a"; export default 1', throws('Error', 'b:1:19'), { modules: { a: 'import "b"', b: 'import "a"; throw new Error("x")' } }),
    inModule('a throw in one of two that wait', 'import "a"; import "b"; export default 1', throws('Error', 'b:1:16'), { modules: { a: 'await new Promise(() => {})', b: 'await 0; throw new Error("x")' } }),
    inModule('throws in a hundred modules', `${Array.from({ length: 100 }, (_, n) => `import "m${n}";`).join('')}export default 1`, throws('Error'), { modules: Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`m${n}`, 'await 0; throw new Error("x")'])) }),
    inModule('a rejection that is handled too late', 'const p = Promise.reject(new Error("x")); await 0; p.catch(() => {}); export default 1', survives('SCRIPT_ERROR')),
    inModule('a rejection that is handled at once', 'Promise.reject(new Error("x")).catch(() => {}); export default 1', value(1)),
    inModule('a hundred thousand rejections', 'for (let i = 0; i < 1e5; i++) Promise.reject(i); export default 1', ends('SCRIPT_ERROR', 'MEMORY_LIMIT_EXCEEDED', 'CPU_TIME_LIMIT_EXCEEDED')),
    inModule('rejections of a megabyte', 'for (let i = 0; i < 1e4; i++) Promise.reject(new Error("x".repeat(2 ** 20) + i)); export default 1', ends('SCRIPT_ERROR', 'MEMORY_LIMIT_EXCEEDED', 'CPU_TIME_LIMIT_EXCEEDED')),
    inModule('a throw out of the default export', 'export default () => { throw Object.defineProperty(new Error("x"), "stack", { get() { for (;;); } }); }', LATE, short),
    inModule('a stack overflow', 'const f = () => f(); f(); export default 1', throws('RangeError')),
    inModule('a stack overflow whose error has a getter', 'const f = () => f(); try { f(); } catch (e) { Object.defineProperty(e, "message", { get: f }); throw e; } export default 1', ends('SCRIPT_ERROR')),
    inModule('a wrong import with a name of 100 KB', `import { ${'x'.repeat(100_000)} } from "d"; export default 1`, wrongAt('script.js:1:100018'), { modules: { d: '' } }),
    inModule('a syntax error of 900 KB', `/${'a'.repeat(900_000)}(/; export default 1`, ends('COMPILATION_FAILED', 'MEMORY_LIMIT_EXCEEDED')),
    inModule('a syntax error that looks like its position', '/[ [x:0:0]/; let [ [y:-1:99999999999999999999] = ; export default 1', ends('COMPILATION_FAILED'), { name: 'a [b:0:0' }),
    inModule('a syntax error behind a million lines', `${'\n'.repeat(900_000)}export default (`, ends('COMPILATION_FAILED')),
    inModule('a wrong import behind a million lines', `${'\n'.repeat(900_000)}import { x } from "d"; export default x`, wrongAt('script.js:900001:19'), { modules: { d: '' } }),
    inModule('a missing module behind a megabyte of its name', `/*${'"d"'.repeat(300_000)}*/ import "d"; export default 1`, ends('COMPILATION_FAILED')),
    inModule('logs that are lost with the throw', 'console.log("kept"); throw new Error("x"); export default 1', throws('Error')),
  ],
};

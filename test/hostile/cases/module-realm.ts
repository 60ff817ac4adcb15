import { attack, ends, throws, value, type Attack, type Expected, type More, type Table } from '../attack.ts';

/** Tells whether what a function is called with is what it should be. */
const RIGHT =
  '(input, context) => [input.a, Object.isFrozen(input), context.tenant.id.startsWith("mallory-"), Object.isFrozen(context.tenant), input === globalThis.input, context === globalThis.context]';
const IS_RIGHT = value([1, true, true, true, true, true]);

/** All that an error's call sites tell. */
const SITES = `const sitesOf = () => {
  const { prepareStackTrace } = Error;
  Error.prepareStackTrace = (_, sites) => sites;
  const { stack } = new Error();
  Error.prepareStackTrace = prepareStackTrace;
  return stack;
};
`;

/** Everything that can be reached from some objects without calling anything. */
const REACHABLE = `const reachableFrom = (...roots) => {
  const reached = new Set();
  const visit = (value) => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || reached.has(value)) return;
    reached.add(value);
    for (const key of Reflect.ownKeys(value)) {
      let descriptor;
      try { descriptor = Reflect.getOwnPropertyDescriptor(value, key); } catch { continue; }
      visit(descriptor.value); visit(descriptor.get); visit(descriptor.set);
    }
    visit(Object.getPrototypeOf(value));
  };
  for (const root of roots) visit(root);
  return [...reached];
};
const foreign = (values) => values.map((v) => v.constructor?.name ?? v.name).filter((n) => /^(Reference|ExternalCopy|Isolate|Context|Script|Module|Callback|Transferable|Dereference)$/.test(n));
`;

/** The script spoils something of the realm; then its default export is called as if nothing had happened. */
function spoils(name: string, spoil: string): Attack {
  return attack(`spoilt: ${name}`, 'own', `${spoil}\nexport default ${RIGHT}`, IS_RIGHT, {
    wrap: 'module',
    input: { a: 1 },
  });
}

/** The same, in what it imports, while it still waits for something. */
function spoilsLate(name: string, spoil: string): Attack {
  return attack(
    `spoilt, and waited: ${name}`,
    'own',
    `import "d"; await new Promise((resolve) => wait(resolve, 1)); export default ${RIGHT}`,
    IS_RIGHT,
    {
      wrap: 'module',
      input: { a: 1 },
      modules: { d: `globalThis.wait = setTimeout; ${spoil}` },
    },
  );
}

function inModule(name: string, script: string, expected: Expected, more: More = {}): Attack {
  return attack(name, 'own', script, expected, { wrap: 'module', ...more });
}

const SPOILS: readonly (readonly [name: string, spoil: string])[] = [
  ['apply, call and bind', 'for (const k of ["apply", "call", "bind"]) Function.prototype[k] = () => "mine";'],
  ['Reflect', 'for (const k of Reflect.ownKeys(Reflect)) { try { Reflect[k] = () => "mine"; } catch {} }'],
  ['JSON', 'JSON.parse = JSON.stringify = () => "mine";'],
  [
    'Object',
    'for (const k of Object.getOwnPropertyNames(Object)) { if (!["isFrozen", "prototype"].includes(k)) try { Object[k] = () => "mine"; } catch {} }',
  ],
  [
    'iterators',
    '[][Symbol.iterator]().__proto__.next = () => ({ done: true }); Array.prototype[Symbol.iterator] = function* () {};',
  ],
  [
    'elements of arrays',
    'for (let i = 0; i < 9; i++) Object.defineProperty(Array.prototype, i, { configurable: true, get: () => "mine", set() { throw new Error("set"); } });',
  ],
  [
    'promises',
    'Promise.prototype.then = Promise.prototype.catch = Promise.prototype.finally = () => "mine"; Promise.resolve = Promise.reject = () => "mine"; delete Promise.prototype.constructor;',
  ],
  [
    'what our objects have',
    'for (const k of ["value", "done", "entry", "then", "toJSON", "reference", "timeout", "get", "set", "__proto__x"]) Object.defineProperty(Object.prototype, k, { __proto__: null, configurable: true, get: () => undefined, set() { throw new Error("set"); } });',
  ],
  ['numbers and text', 'Number = String = Date = Symbol = () => { throw new Error("mine"); };'],
  [
    'context and input',
    'for (const k of ["context", "input"]) { try { globalThis[k] = "mine"; } catch {} try { delete globalThis[k]; } catch {} try { Object.defineProperty(globalThis, k, { value: "mine" }); } catch {} }',
  ],
  [
    'what is in them',
    'for (const o of [input, context, context.tenant]) { try { o.a = o.id = "mine"; } catch {} try { Object.setPrototypeOf(o, {}); } catch {} try { delete o.id; } catch {} }',
  ],
  [
    'timers',
    'setTimeout = setInterval = clearTimeout = queueMicrotask = structuredClone = () => { throw new Error("mine"); };',
  ],
  ['the console', 'console = { log() { throw new Error("mine"); } };'],
  [
    'the stack of errors',
    'Error.prepareStackTrace = () => { throw new Error("mine"); }; Error.stackTraceLimit = Infinity; Error.captureStackTrace = null;',
  ],
  [
    'errors',
    'for (const E of [Error, TypeError, ReferenceError]) { E.prototype.name = E.prototype.message = { toString() { throw 1; } }; delete E.prototype.constructor; }',
  ],
];

/** To see or to change what is around a module: our code in the realm, the module that imports it, what it is called with. */
export const moduleRealm: Table = {
  category: 'module realm',
  limits: { timeoutMs: 10_000 },
  // prettier-ignore
  attacks: [
    ...SPOILS.map(([name, spoil]) => spoils(name, spoil)),
    ...SPOILS.filter(([name]) => name !== 'promises').map(([name, spoil]) => spoilsLate(name, spoil)),
    inModule('no intrinsics at all', 'const { getOwnPropertyNames } = Object; for (const n of getOwnPropertyNames(globalThis)) { try { delete globalThis[n]; } catch {} } export default (input) => input', value(7), { input: 7 }),

    // What a function is called with.
    inModule('what it is called with', 'export default function (...args) { return [args.length, arguments.length, this === undefined, new.target === undefined]; }', value([2, 2, true, true])),
    inModule('arguments that are changed', 'export default function (i) { arguments[0] = "mine"; arguments.length = 0; i = "mine"; return [input, context.tenant.id.length]; }', value([5, 9]), { input: 5 }),
    inModule('a Proxy of a function', 'export default new Proxy(() => {}, { apply: (_, self, args) => [self === undefined, args.length, Object.getPrototypeOf(args) === Array.prototype, args[0]] })', value([true, 2, true, 5]), { input: 5 }),
    inModule('a Proxy that was revoked', 'const { proxy, revoke } = Proxy.revocable(() => {}, {}); revoke(); export default proxy', throws('TypeError')),
    inModule('a Proxy that counts what is done to it', 'const seen = []; export default new Proxy({}, { get(_, key) { seen.push(String(key)); return key === "toJSON" ? () => seen : undefined; } })', value(['then', 'toJSON'])),
    inModule('a Proxy whose every trap throws', 'export default new Proxy(() => 1, Object.fromEntries(["get", "has", "ownKeys", "getPrototypeOf", "apply"].map((k) => [k, () => { throw new Error("trap"); }])))', throws('Error')),
    inModule('a bound function', 'export default (function (...args) { return [this.x, args.length]; }).bind({ x: 1 }, 2)', value([1, 3])),
    inModule('a function that can be awaited', 'export default Object.assign(() => 1, { then: () => { throw new Error("x"); } })', value(1)),
    inModule('a function that returns itself', 'export default function f() { return f; }', ends('RESULT_NOT_SERIALIZABLE')),
    inModule('something to be awaited that throws', 'export default { get then() { throw new Error("then"); } }', throws('Error')),
    inModule('something to be awaited that never settles', 'export default { then() {} }', ends('WALL_TIME_LIMIT_EXCEEDED'), { limits: { timeoutMs: 300 } }),
    inModule('a getter that throws', 'export default { get a() { throw new Error("x"); } }', ends('RESULT_NOT_SERIALIZABLE')),
    inModule('a default export that is changed by a getter', 'let x = { get then() { x = "changed"; return undefined; }, a: 1 }; export { x as default }', value({ a: 1 })),
    inModule('a function that fills its stack', 'export default function f() { try { return f(); } catch { return "deep"; } }', value('deep')),
    inModule('a function that runs twice', 'let n = 0; export default async () => { n++; await 0; await new Promise((resolve) => setTimeout(resolve, 5)); return n; }', value(1)),
    inModule('a function while others wait', 'import "d"; await new Promise((resolve) => setTimeout(resolve, 5)); globalThis.n++; export default () => globalThis.n', value(1), { modules: { d: 'globalThis.n = 0; setTimeout(() => {}, 1); await 0' } }),

    // Who has called.
    inModule('who has called', 'export default function f() { try { return String(f.caller); } catch (e) { return e.name; } }', value('TypeError')),
    inModule('who is called', 'export default function () { try { return String(arguments.callee); } catch (e) { return e.name; } }', value('TypeError')),
    inModule('frames while it is evaluated', `${SITES}export default sitesOf().map((s) => [s.getFileName(), s.getThis() === undefined, s.getFunction() === undefined])`, value([['script.js', true, true], ['script.js', true, true]])),
    inModule('frames while it is called', `${SITES}export default () => sitesOf().map((s) => [s.getFileName(), s.getThis() === undefined, s.getFunction() === undefined]).filter(([file, self, f]) => !/^(script.js|js-runtime:realm)$/.test(file) || !self || !f)`, value([])),
    inModule('frames while it is awaited', `${SITES}export default { then(resolve) { resolve(sitesOf().map((s) => [s.getThis(), s.getFunction()]).flat().filter((x) => x !== undefined).length); } }`, value(0)),
    inModule('frames while its result is written', `${SITES}export default { toJSON: () => sitesOf().map((s) => [s.getThis(), s.getFunction()]).flat().filter((x) => x !== undefined).length }`, value(0)),
    inModule('errors of ours while it waits', 'let n = 0; Error.prepareStackTrace = () => { n++; }; Error.captureStackTrace = () => { n++; }; for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 1)); export default () => n', value(0)),
    inModule('an error class of ours while it waits', 'let seen; const Real = ReferenceError; globalThis.ReferenceError = new Proxy(Real, { construct() { seen = 1; }, apply() { seen = 1; } }); Object.defineProperty(Real.prototype, "message", { set() { seen = 2; } }); await new Promise((resolve) => setTimeout(resolve, 20)); export default () => typeof seen', value('undefined')),
    inModule('the stack as text', 'export default () => new Error("x").stack.includes("file:")', value(false)),

    // What can be reached.
    inModule('handles of isolated-vm', `${REACHABLE}import * as d from "d"; export default function (...args) { return foreign(reachableFrom(globalThis, d, import.meta, args, arguments, sites())); }\n${SITES}function sites() { return sitesOf(); }`, value([]), { modules: { d: 'export default 1; export const f = () => 1' } }),
    inModule('names of our own', 'export default Reflect.ownKeys(globalThis).map(String).filter((name) => /vm|internal|state|realm|host|sandbox|isolate|entry|namespace|primordial|^use$|^_/i.test(name))', value([])),
    inModule('code from text', 'const tries = [() => eval("1"), () => (() => {}).constructor("return 1")(), () => (async () => {}).constructor("return 1")(), () => new (function* () {}).constructor("yield 1")]; export default tries.map((f) => { try { f(); return "made"; } catch (e) { return e.name; } })', value(Array(4).fill('EvalError'))),
    inModule('globals by declarations', 'var a = 1; let b = 2; function c() {} class D {} export default ["a", "b", "c", "D"].filter((name) => name in globalThis)', value([])),
    inModule('globals without declarations', 'export default () => { try { undeclared = 1; } catch (e) { return e.name; } }', value('ReferenceError')),
    inModule('globals of other hosts', 'export default ["process", "require", "module", "exports", "Buffer", "fetch", "WebAssembly", "SharedArrayBuffer", "Atomics", "ivm", "gc"].filter((name) => name in globalThis)', value([])),
  ],
};

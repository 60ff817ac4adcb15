import { ends, leak, value, type Table } from '../attack.ts';

const inFunction = { wrap: 'function' } as const;
const body = { poison: inFunction } as const;
const bodies = { poison: inFunction, look: inFunction } as const;

/** To leave something behind that the same tenant's next execution finds. */
export const executions: Table = {
  category: 'leak between executions',
  limits: { timeoutMs: 5000 },
  sharesVm: true,
  // prettier-ignore
  attacks: [
    leak('a global', 'own', 'globalThis.left = 1; left2 = 1; var left3 = 1; 1', '[typeof left, typeof left2, typeof left3]', value(['undefined', 'undefined', 'undefined'])),
    leak('a lexical declaration', 'own', 'let left = 1; class Left {} 1', 'let left = 2; const Left = 3; left + Left', value(5)),
    leak('a polluted Object.prototype', 'CVE-2025-34146', '"".sub.__proto__.__proto__.__defineGetter__("polluted", () => true); ({}).polluted', 'typeof ({}).polluted', value('undefined')),
    leak('a prototype through an array', 'GHSA-ww7g-4gwx-m7wj', '[Map.prototype][0].polluted = 1; [Set.prototype][0].has = () => true; 1', '[typeof new Map().polluted, new Set().has(1)]', value(['undefined', false])),
    leak('Object.prototype.toString as __defineGetter__', 'https://github.com/browserify/static-eval/issues/32', '({})["__proto__"]["__defineGetter__"]("toString", ({})["constructor"]); 1', 'String({})', value('[object Object]')),
    leak('Object.prototype.toJSON', 'own', 'Object.prototype.toJSON = () => "left"; 1', '({ a: [1] })', value({ a: [1] })),
    leak('Promise.prototype.then', 'own', 'Promise.prototype.then = function () { return "left"; }; 1', 'return await Promise.resolve(7).then((x) => x + 1)', value(8), { look: inFunction }),
    leak('JSON and Reflect', 'own', 'JSON.stringify = JSON.parse = () => "left"; Reflect.ownKeys = Reflect.apply = null; 1', '[JSON.stringify([1]), typeof Reflect.apply]', value(['[1]', 'function'])),
    leak('Error.prepareStackTrace and stackTraceLimit', 'GHSA-mrgp-mrhc-5jrq', 'Error.prepareStackTrace = () => "left"; Error.stackTraceLimit = 0; 1', '[typeof Error.prepareStackTrace, Error.stackTraceLimit]', value(['undefined', 10])),
    leak('the statics of RegExp', 'own', '/(s)(e)(c)ret/.test("secret"); 1', '[RegExp.$1, RegExp.lastMatch, RegExp.input, RegExp["$`"]]', value(['', '', '', ''])),
    leak('the state of a literal', 'own', 'const r = /a/g; r.test("aa"); globalThis.r = r; r.lastIndex', 'const r = /a/g; r.lastIndex', value(0)),
    leak('a property of a template object', 'own', 'const tag = (t) => t; new WeakMap().set(tag`a`, 1); 1', 'const tag = (t) => t; Object.keys(tag`a`)', value(['0'])),
    leak('the same source again', 'own', 'globalThis.n = (globalThis.n ?? 0) + 1', 'globalThis.n = (globalThis.n ?? 0) + 1', value(1)),
    leak('the console', 'own', 'console.log = null; Object.defineProperty(globalThis, "console", { value: { log() {} }, writable: false, configurable: false }); 1', 'console.log("mine"); 1', value(1, ['mine'])),
    leak('what was logged', 'own', 'console.log("secret of the first"); 1', 'console.warn("only this"); 2', value(2, ['only this'])),
    leak('the timers', 'own', 'globalThis.setTimeout = globalThis.setInterval = () => "left"; 1', 'return await new Promise((resolve) => setTimeout(resolve, 1, "done"))', value('done'), { look: inFunction }),
    leak('a timer that is still to come', 'own', 'setInterval(() => { console.log("late"); globalThis.left = 1; }, 1); setTimeout(() => { throw new Error("late"); }, 5); 1', 'await new Promise((resolve) => setTimeout(resolve, 40)); return typeof left', value('undefined', []), { look: inFunction }),
    leak('a loop of awaits that is still going', 'vm2 ATTACKS.md category 42', '(async () => { for (;;) { await new Promise((resolve) => setTimeout(resolve, 1)); console.log("late"); globalThis.left = 1; } })(); 1', 'await new Promise((resolve) => setTimeout(resolve, 40)); return typeof left', value('undefined', []), { look: inFunction }),
    leak('a rejection that comes late', 'GHSA-hw58-p9xv-2mjh', 'setTimeout(() => { Promise.reject(new Error("late")); }, 1); 1', 'await new Promise((resolve) => setTimeout(resolve, 30)); return "fine"', value('fine', []), { look: inFunction }),
    leak('microtasks behind the result', 'own', 'let n = 0; (function again() { if (n++ < 1e5) queueMicrotask(again); })(); 1', '[typeof n, 1]', value(['undefined', 1])),
    leak('the input', 'own', 'input.secret.length', 'typeof input', value('undefined'), {
      poison: { input: { secret: 'of the first' } },
    }),
    leak('the frozen context', 'own', 'const attempts = [() => { "use strict"; context.tenant.id = "x"; }, () => { "use strict"; context.tenant = null; }, () => { "use strict"; globalThis.context = 1; }]; attempts.map((f) => { try { f(); return "done"; } catch (e) { return e.name; } })', 'context.tenant.id.startsWith("mallory-") && Object.isFrozen(context.tenant)', value(true)),
    leak('input and context as setters', 'own', 'for (const k of ["__proto__", "constructor"]) input[k]; Object.defineProperty(Object.prototype, "input", { set() { globalThis.left = 1; }, configurable: true }); 1', '[typeof input, typeof left, Object.keys(globalThis)]', value(['number', 'undefined', ['context', 'input']]), { poison: { input: {} }, look: { input: 1 } }),
    leak('frozen intrinsics', 'own', 'for (const o of [Object, Array, Promise, Function, Error, globalThis]) { Object.freeze(o.prototype ?? o); } 1', 'Array.prototype.mine = 1; globalThis.own = 2; [[].mine, own]', value([1, 2])),
    leak('a prototype of a prototype', 'own', 'Object.setPrototypeOf(Array.prototype, new Proxy({}, { get: () => "left" })); [].anything', 'typeof [].anything', value('undefined')),
    leak('a full stack', 'own', '(function f() { try { f(); } catch {} })(); 1', '(function f(n) { return n === 0 ? "deep" : f(n - 1); })(2000)', value('deep')),
    leak('a suspended generator', 'own', 'globalThis.g = (function* () { yield 1; Array.prototype.left = 1; })(); g.next(); 1', '[typeof g, typeof [].left]', value(['undefined', 'undefined'])),
    leak('a symbol of the registry', 'own', 'Symbol.for("left").constructor.prototype.secret = 1; Symbol.for("left").description', 'typeof Symbol.for("left").secret', value('undefined')),
    leak('an async function that outlives its result', 'own', 'Promise.resolve().then(async () => { await 0; await 0; globalThis.left = 1; console.log("late"); }); return 1', 'await 0; await 0; return typeof left', value('undefined', []), bodies),
    leak('an execution that was ended', 'own', 'Array.prototype.left = 1; globalThis.left = 1; for (;;);', '[typeof left, typeof [].left]', value(['undefined', 'undefined']), { poison: { limits: { timeoutMs: 150 } }, poisoned: ends('WALL_TIME_LIMIT_EXCEEDED') }),
    leak('an execution that failed', 'own', 'globalThis.left = 1; Error.prototype.message = "left"; throw new Error()', 'return [typeof left, new Error().message]', value(['undefined', '']), { poisoned: ends('SCRIPT_ERROR'), look: inFunction }),
    leak('an unresolved promise that is found later', 'own', 'globalThis.p = Promise.withResolvers(); p.promise.then(() => console.log("late")); return 1', 'typeof p', value('undefined', []), body),
  ],
};

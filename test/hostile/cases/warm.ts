import {
  ends,
  survives,
  throws,
  value,
  type Attack,
  type Expected,
  type More,
  type Step,
  type Table,
} from '../attack.ts';

const FUNCTION = { realm: 'warm', wrap: 'function' } as const;
const MODULE = { realm: 'warm', wrap: 'module' } as const;
const COUNTER = 'let n = 0; export default () => ++n;';
const anyValue: Expected = { anyValue: true };

const step = (script: string, more: More, expected: Expected, byAnother = false): Step => ({
  script,
  more,
  expected,
  byAnother,
});
const of = (name: string, ...steps: readonly Step[]): Attack => ({ name, source: 'own', steps });

/** A body that is invoked with the input 1, when it leaves something, and then with 2 and 3, when it looks for it. */
const left = (
  name: string,
  leave: string,
  look: string,
  expected: Expected,
  first: Expected = anyValue,
  more: More = {},
): Attack =>
  ofBody(name, `if (input === 1) { ${leave}; return 1; }\n${look}`, expected, first, { ...FUNCTION, ...more });
/** The same with a module, whose own variables stay: `top` is before its function. */
const leftInModule = (
  name: string,
  top: string,
  leave: string,
  look: string,
  expected: Expected,
  first: Expected = anyValue,
) => {
  const script = `${top}\nexport default async (input, context) => { if (input === 1) { ${leave}; return 1; }\n${look} };`;
  return ofBody(name, script, expected, first, MODULE);
};
const ofBody = (name: string, script: string, expected: Expected, first: Expected, more: More): Attack => {
  const inputs = [1, 2, 3].map((input) => ({ ...more, input, executionId: `run-${input}` }));
  return of(name, ...inputs.map((one) => step(script, one, one.input === 1 ? first : expected)));
};
/** The same body, again and again, which has to come to the same. */
const always = (name: string, script: string, expected: Expected, more: More = {}): Attack =>
  of(name, ...[1, 2, 3].map(() => step(script, { ...FUNCTION, ...more }, expected)));

const WAIT = 'await new Promise((resolve) => { setTimeout(resolve, 15); });';
/** Everything that can be reached without calling anything; not `RegExp.prototype`, which is watched. */
const REACHABLE = `const reached = new Set();
const visit = (value) => {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || value === RegExp.prototype || reached.has(value)) return;
  reached.add(value);
  for (const key of Reflect.ownKeys(value)) {
    const { value: child, get, set } = Reflect.getOwnPropertyDescriptor(value, key);
    visit(child); visit(get); visit(set);
  }
  visit(Object.getPrototypeOf(value));
};
for (const one of [globalThis, arguments.callee, arguments.callee.constructor, context, async () => 0, function* () {}, async function* () {}, [].values(), ''.matchAll(/a/g), new Map().keys(), ''[Symbol.iterator](), [].values().map((x) => x)]) visit(Object.getPrototypeOf(one)), one !== context && visit([globalThis, arguments.callee].includes(one) ? one : null);
const stack = Object.getOwnPropertyDescriptor(new Error(), 'stack');
visit(stack.get); visit(stack.set); visit(context.tenant);
const all = [...reached];
`;
const tryAll = (body: string): string => `for (const o of all) { try { ${body} } catch {} }`;
/** What is called near the end of the stack, at each depth of the last. */
const OVERFLOW = (work: string): string =>
  `let left = 200; (function deeper() { try { deeper(); } catch {} if (left-- > 0) try { ${work} } catch {} })();`;
const LATE_LOG = `const later = async (n) => { while (n-- > 0) await 0; console.log("late"); };
export default (input) => { if (input === 1) { void later(1); void later(1000); } return input; };`;
const REGEXP = 'RegExp.prototype';

/** What only a realm that is kept allows: to leave something in it for what runs there next, or to keep it from running. */
export const warm: Table = {
  category: 'leak between invocations',
  limits: { timeoutMs: 5000 },
  sharesVm: true,
  // prettier-ignore
  attacks: [
    // That these realms are kept at all.
    of('what a module may keep', ...[1, 2, 3].map((n) => step(COUNTER, MODULE, value(n)))),

    // What is in the realm.
    left('a property of everything', `${REACHABLE}${tryAll('o.left = 1;')} ${tryAll('Object.defineProperty(o, "left2", { value: 1 });')}`, `${REACHABLE}return all.filter((o) => "left" in o || "left2" in o).length`, value(0)),
    left('a prototype of everything', `${REACHABLE}${tryAll('Object.setPrototypeOf(o, { left: 1 });')}`, `${REACHABLE}return all.filter((o) => "left" in o).length`, value(0)),
    left('a value in place of everything', `${REACHABLE}${tryAll('for (const k of Reflect.ownKeys(o)) { try { o[k] = "left"; } catch {} try { Object.defineProperty(o, k, { value: "left" }); } catch {} }')}`, `${REACHABLE}return all.filter((o) => Reflect.ownKeys(o).some((k) => Reflect.getOwnPropertyDescriptor(o, k).value === "left")).length`, value(0)),
    left('less of everything', `${REACHABLE}${tryAll('for (const k of Reflect.ownKeys(o)) try { delete o[k]; } catch {}')}`, `${REACHABLE}return all.length > 1000`, value(true)),
    left('a stack of everything', `${REACHABLE}${tryAll('Error.captureStackTrace(o);')} ${tryAll('stack.set.call(o, "left");')}`, `${REACHABLE}return all.filter((o) => stack.get.call(o) !== undefined || Object.hasOwn(o, "stack")).length`, value(0)),
    left('an old format of Intl in everything', `${REACHABLE}${tryAll('Intl.NumberFormat.call(o);')} ${tryAll('Intl.DateTimeFormat.call(o);')}`, `${REACHABLE}return all.filter((o) => Object.getOwnPropertySymbols(o).some((s) => s.description === "IntlLegacyConstructedSymbol")).length`, value(0)),
    left('private fields of everything', `class Stamp extends function (o) { return o; } { #left = 1; static is(o) { return #left in o; } } ${REACHABLE}${tryAll('new Stamp(o);')}`, `class Stamp extends function (o) { return o; } { #left = 1; static is(o) { return #left in o; } } ${REACHABLE}return all.filter((o) => Stamp.is(o)).length`, value(0)),
    left('globals', 'globalThis.left = 1; left2 = 1; var left3 = 1; this.left4 = 1; (function () { this.left5 = 1; })()', 'return [typeof left, typeof left2, typeof globalThis.left3, typeof left4, typeof left5]', value(Array(5).fill('undefined'))),
    left('its own function', 'const f = arguments.callee; f.left = 1; try { Object.setPrototypeOf(f, { left2: 1 }); } catch {} f.constructor.left3 = 1', 'const f = arguments.callee; return [f.left, f.left2, f.constructor.left3].map((x) => typeof x)', value(Array(3).fill('undefined'))),
    left('a symbol', 'Symbol.left = 1; Symbol.for("left").constructor.left = 1; Object(Symbol.for("left")).left = 1', 'return [typeof Symbol.left, typeof Symbol.for("left").left]', value(['undefined', 'undefined'])),
    left('how errors are written', 'Error.stackTraceLimit = 0; Error.prepareStackTrace = () => "left"', 'return [Error.stackTraceLimit, typeof Error.prepareStackTrace, new Error("x").stack.includes("script.js")]', value([10, 'undefined', true])),
    left('the tag of iterators', 'try { Iterator.prototype[Symbol.toStringTag] = "left"; } catch {} try { [].values().__proto__[Symbol.toStringTag] = "left"; } catch {}', 'return [Iterator.prototype[Symbol.toStringTag], String([].values())]', value(['Iterator', '[object Array Iterator]'])),
    left('the last match', '/(se)(cret)/.test("a secret"); "secret".replace(/s(.)/, "")', 'return [RegExp.$1, RegExp.$2, RegExp.input, RegExp.lastMatch, RegExp["$`"], RegExp.lastParen].filter(Boolean)', value([])),
    ofBody('where a literal was', 'const r = /a/g; r.left ??= input; const at = r.lastIndex; r.test("aa"); return [at, r.left === input]', value([0, true]), value([0, true]), FUNCTION),
    ofBody('what a template has', 'const t = ((x) => x)`a`; try { t.left = 1; } catch {} return [Object.keys(t), Object.isFrozen(t)]', value([['0'], true]), anyValue, FUNCTION),
    ofBody('variables of a body', 'var a; let b; static: { } class C { static n = 0; } function f() {} f.n ??= 0; const seen = [typeof a, typeof b, C.n, f.n]; a = b = C.n = f.n = 1; return seen', value(['undefined', 'undefined', 0, 0]), anyValue, FUNCTION),

    // What is watched.
    ...[
      ['a property', `${REGEXP}.left = 1`], ['a symbol', `${REGEXP}[Symbol.for("left")] = 1`], ['a hidden property', `Object.defineProperty(${REGEXP}, "left", { value: 1 })`],
      ['another method', `${REGEXP}.exec = () => ["left"]`], ['a getter', `Object.defineProperty(${REGEXP}, "flags", { get: () => "left", configurable: true })`],
      ['one less', `delete ${REGEXP}.test`], ['another order', `const { exec } = ${REGEXP}; delete ${REGEXP}.exec; Object.defineProperty(${REGEXP}, "exec", { value: exec, writable: true, configurable: true })`],
      ['other attributes', `Object.defineProperty(${REGEXP}, "test", { enumerable: true })`], ['a prototype', `Object.setPrototypeOf(${REGEXP}, { left: 1 })`],
      ['nothing more', `Object.preventExtensions(${REGEXP})`], ['frozen', `Object.freeze(${REGEXP})`], ['a stack', `Error.captureStackTrace(${REGEXP}); delete ${REGEXP}.stack`],
    ].map(([what, leave = '']) =>
      left(`RegExp.prototype: ${what}`, leave, `const p = ${REGEXP}; const s = Object.getOwnPropertyDescriptor(new Error(), "stack"); return [Reflect.ownKeys(p).slice(0, 2).join(), typeof p.test, Object.keys(p).length, Object.isExtensible(p), "left" in p, s.get.call(p) === undefined, /a/g.flags, /a/.exec("a")[0]]`, value(['constructor,exec', 'function', 0, true, false, true, 'g', 'a']))),
    always('RegExp.prototype: changed each time', `const before = typeof ${REGEXP}.left; ${REGEXP}.left = 1; return before`, value('undefined')),
    left('RegExp.prototype: changed when it is over', `setTimeout(() => { ${REGEXP}.left = 1; }); queueMicrotask(async () => { for (let n = 0; n < 100; n++) await 0; ${REGEXP}.left = 1; })`, `return typeof ${REGEXP}.left`, value('undefined')),
    left('RegExp.prototype: changed, and then ended', `${REGEXP}.left = 1; throw new Error("x")`, `return typeof ${REGEXP}.left`, value('undefined'), throws('Error')),

    // What goes on when it is over.
    left('a loop of awaits', '(async () => { for (;;) { await new Promise((resolve) => { setTimeout(resolve, 1); }); console.log("late"); } })()', `${WAIT} return 1`, value(1, [])),
    left('timers', 'setInterval(() => { console.log("late"); }, 1); setTimeout(() => { throw new Error("late"); }, 1); setTimeout(() => { void Promise.reject(1); }, 1)', `${WAIT} return 1`, value(1, [])),
    left('how many timers there were', 'for (let n = 0; n < 1000; n++) setTimeout(() => {}, 1e6)', 'return [1000, 1001, 1002].includes(setTimeout(() => {}))', value(false)),
    left('microtasks', 'queueMicrotask(() => { console.log("late"); }); (async () => { for (let n = 0; n < 1000; n++) await 0; console.log("late"); })()', 'return 1', value(1, [])),
    left('an error in a microtask', 'return { toJSON() { queueMicrotask(() => { throw new Error("late"); }); return 1; } }', 'return 1', value(1, []), survives('SCRIPT_ERROR')),
    left('a rejection that nobody handles', 'void Promise.reject(new Error("of the first"))', `${WAIT} return 1`, value(1, []), throws('Error')),
    left('a hundred rejections, and a full stack', 'try { (function f(n) { if (n < 100) void Promise.reject(n); f(n + 1); })(0); } catch {}', `${WAIT} return 1`, value(1, []), ends('SCRIPT_ERROR')),
    leftInModule('a rejection that the next one handles', 'let p;', 'p = Promise.reject(new Error("of the first"))', 'await p.catch(() => 0); return 1', value(1, []), throws('Error')),
    leftInModule('an answer that the next one makes come', 'let wake;', 'return new Promise((resolve) => { wake = resolve; setTimeout(() => resolve("first"), 1); })', 'wake("of the first"); await 0; return input', survives('SCRIPT_ERROR')),
    leftInModule('a thenable that the next one calls back', 'let late = () => 0;', 'return { then(resolve) { late = resolve; resolve("first"); } }', 'late("of the first"); late(); return { then(resolve) { late("of the first"); resolve("own"); } }', value('own')),
    leftInModule('a function that goes on in the next one', 'let wake;', '(async () => { await new Promise((resolve) => { wake = resolve; }); throw new Error("of the first"); })().catch(() => 0)', 'wake(); await 0; await 0; return "own"', value('own', [])),
    left('a suspended generator', 'const g = (async function* () { try { yield 1; } finally { console.log("late"); } })(); await g.next(); void g.return()', `${WAIT} return 1`, value(1, [])),

    // What a result has of its own.
    left('a getter that goes on', 'return { get a() { setTimeout(() => { console.log("late"); }); queueMicrotask(() => { console.log("late"); }); void kv.get("a"); return 1; } }', `${WAIT} return 1`, value(1, [])),
    left('a Proxy that goes on', 'return new Proxy({}, { ownKeys() { setTimeout(() => { console.log("late"); }); void kv.get("a"); return []; } })', `${WAIT} return 1`, value(1, [])),
    leftInModule('what writes a result', 'const seen = [];', 'return { toJSON(...args) { seen.push(this, ...args); return new Proxy([], { get(t, k, r) { seen.push(r); return Reflect.get(t, k); } }); } }', 'return seen.filter((x) => Object.getPrototypeOf(Object(x)) === null).length', value(0)),

    // What is an invocation's own.
    leftInModule('its context', 'let kept;', 'kept = context', 'return [kept.executionId, context.executionId.length, globalThis.context.executionId === context.executionId, Object.isFrozen(kept)]', value(['run-1', 5, true, true])),
    leftInModule('what reads its input', 'const { get } = Object.getOwnPropertyDescriptor(globalThis, "input"); try { get.left = 1; } catch {}', '1', 'return [get() === input, typeof get.left]', value([true, 'undefined'])),
    left('in its context', 'const c = context; for (const o of [c, c.tenant, Object.getPrototypeOf(c)]) { try { o.left = 1; } catch {} try { Object.setPrototypeOf(o, { left: 1 }); } catch {} }', 'return [typeof context.left, typeof context.tenant.left, Object.getPrototypeOf(context) === Object.prototype, context.executionId.slice(0, 4)]', value(['undefined', 'undefined', true, 'run-'])),
    left('in place of its context', 'for (const k of ["context", "input"]) { try { globalThis[k] = "left"; } catch {} try { Object.defineProperty(globalThis, k, { value: "left" }); } catch {} try { delete globalThis[k]; } catch {} }', 'return [typeof context, typeof input]', value(['object', 'number'])),
    leftInModule('the console', 'const { log } = console; log("while evaluated");', 'log("first")', 'log("own"); return 1', value(1, ['own'])),
    leftInModule('as much as it may log', '', 'for (let n = 0; n < 1e5; n++) console.log(n)', 'console.log("own"); return 1', value(1, ['own'])),
    leftInModule('a call that is under way', 'let call;', 'call = kv.get("a")', `return await Promise.race([call, new Promise((resolve) => { setTimeout(resolve, 15, "nothing"); })])`, value('nothing')),
    of('a log of microtasks, of one that is not the first', ...[0, 1, 2, 3].map((input) => step(LATE_LOG, { ...MODULE, input }, value(input, input === 1 ? ['late', 'late'] : [])))),
    left('a call that logs', 'kv.get("a").then(() => { console.log("late"); })', `${WAIT} return [await kv.get("none")].length`, value(1, [])),
    always('as many calls as there may be', 'for (let n = 0; n < 1000; n++) await kv.get("a"); return 1', value(1)),
    always('as many as may be under way, left', 'for (let n = 0; n < 32; n++) void kv.get("a"); return 1', value(1)),
    always('more calls than there may be', 'for (;;) await kv.get("a")', ends('API_CALL_LIMIT_EXCEEDED')),

    // Near the end of the stack.
    always('a full stack, in all that is ours', `${OVERFLOW('context.tenant.id; console.log("x"); setTimeout(() => {}, 1, 2); queueMicrotask(() => {}); structuredClone({ a: [1] }); kv.get("a").catch(() => 0);')} return [context.tenant.id.slice(0, 8), typeof await kv.get("none").catch(() => 0)]`, survives('SCRIPT_ERROR')),
    ofBody('a full stack, when the context is read', `${OVERFLOW('context.user;')} return [context.executionId, Object.isFrozen(context.tenant)]`, survives(), value(['run-1', true]), FUNCTION),
    left('a full stack, when it is written', 'let o = {}; const p = o; o.toJSON = function f() { return f(); }; return p', 'return context.executionId.slice(0, 4)', value('run-'), ends('RESULT_NOT_SERIALIZABLE')),

    // To keep others, or oneself, from running.
    left('a loop', 'for (;;);', 'return input > 1', value(true), ends('WALL_TIME_LIMIT_EXCEEDED'), { limits: { timeoutMs: 300 } }),
    left('no memory', 'const all = []; for (;;) all.push(new Array(1000).fill(0))', 'return input > 1', value(true), ends('MEMORY_LIMIT_EXCEEDED'), { limits: { timeoutMs: 5000, maxMemoryMb: 16 } }),
    of('more of it each time', ...Array.from({ length: 5 }, () => step('const all = []; export default () => all.push(new Array(1e6).fill(all.length));', { ...MODULE, limits: { timeoutMs: 5000, maxMemoryMb: 16 } }, survives('MEMORY_LIMIT_EXCEEDED')))),
    of('more realms than are kept', ...Array.from({ length: 18 }, (_, n) => step(`/* ${n} */ ${COUNTER}`, MODULE, value(1))), step(`/* 0 */ ${COUNTER}`, MODULE, value(1)), step(`/* 17 */ ${COUNTER}`, MODULE, value(2))),
    of('a module that never is', ...[1, 2, 3].map(() => step('globalThis.n = (globalThis.n ?? 0) + 1; throw new Error(String(n)); export default 1;', MODULE, throws('Error')))),
    of('the next version of it', step(COUNTER, MODULE, value(1)), step(`${COUNTER} `, MODULE, value(1)), step(COUNTER, MODULE, value(2))),
    of('another limit of it', step(COUNTER, MODULE, value(1)), step(COUNTER, { ...MODULE, limits: { timeoutMs: 5000, maxMemoryMb: 32 } }, value(1)), step(COUNTER, MODULE, value(1))),
    of("another tenant's", step(COUNTER, MODULE, value(1)), step(COUNTER, MODULE, value(1), true), step(COUNTER, MODULE, value(1))),
    of('a fresh one of it', step(COUNTER, MODULE, value(1)), step(COUNTER, { wrap: 'module' }, value(1)), step(COUNTER, MODULE, value(2))),
    of('a global of a fresh one', step('globalThis.left = 1; Array.prototype.left = 1; 1', {}, value(1)), step('return [typeof left, typeof [].left]', FUNCTION, value(['undefined', 'undefined']))),
    of('a classic script', step('1', { realm: 'warm' }, ends('INVALID_REQUEST'))),
    of('a realm that there is not', step('1', { forged: { realm: 'hot' } }, ends('INVALID_REQUEST')), step('1', { forged: { realm: { kind: 'warm' } } }, ends('INVALID_REQUEST'))),
  ],
};

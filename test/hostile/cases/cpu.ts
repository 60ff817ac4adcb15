import { attack, ends, type Table } from '../attack.ts';

const inFunction = { wrap: 'function' } as const;
/** What burns a CPU ends by its CPU time, long before its wall time. */
const BURNT = ends('CPU_TIME_LIMIT_EXCEEDED');
/** What asks for more memory at once than there is. */
const REFUSED = ends('MEMORY_LIMIT_EXCEEDED');
const SLEPT = ends('WALL_TIME_LIMIT_EXCEEDED');
const sleeps = { limits: { timeoutMs: 250, maxCpuMs: 5000 } } as const;
/** What may also run into the memory limit first, or ends by itself because there is an end to what V8 takes. */
const BURNT_OR_REFUSED = ends('CPU_TIME_LIMIT_EXCEEDED', 'MEMORY_LIMIT_EXCEEDED', 'SCRIPT_ERROR', 'COMPILATION_FAILED');
/** As an array whose elements nobody has. */
const ENDLESS = '{ length: 2 ** 53 - 1 }';

/** To keep a CPU for longer than allowed, or for ever. */
export const cpu: Table = {
  category: 'CPU',
  limits: { timeoutMs: 5000, maxCpuMs: 200 },
  // prettier-ignore
  attacks: [
    // Loops that V8 can interrupt.
    attack('a loop', 'own', 'for (;;);', BURNT),
    attack('a loop that catches what ends it', 'own', 'for (;;) { try { for (;;); } catch {} finally { for (;;); } }', BURNT),
    attack('a loop in a finally after return', 'own', '(() => { try { return 1; } finally { for (;;); } })()', BURNT),
    attack('a loop of awaits', 'https://github.com/nodejs/node/issues/3020', '(async () => { for (;;) await null; })()', BURNT),
    attack('a storm of microtasks', 'https://github.com/nodejs/node/issues/3020', '(function again() { Promise.resolve().then(again); })(); new Promise(() => {})', BURNT),
    attack('a storm of microtasks behind a result', 'https://github.com/nodejs/node/issues/3020', '(function again() { Promise.resolve().then(again); })(); 1', BURNT),
    attack('a storm of queueMicrotask', 'own', '(function again() { queueMicrotask(again); queueMicrotask(() => {}); })(); new Promise(() => {})', BURNT),
    attack('a storm of timers', 'own', '(function again() { setTimeout(again); for (let i = 0; i < 1e6; i++); })(); setInterval(() => { for (let i = 0; i < 1e5; i++); }); new Promise(() => {})', BURNT),
    attack('a hundred thousand timers, each in front of all others', 'own', 'for (let i = 0; i < 1e9; i++) setTimeout(() => {}, 1e6 + (i % 1000) * 1000)', BURNT_OR_REFUSED),
    attack('a thenable that never ends', 'own', '(function again() { return { then(resolve) { resolve(again()); } }; })()', BURNT),
    attack('a generator', 'own', 'for (const x of (function* () { for (;;) yield 1; })());', BURNT),
    attack('an async generator', 'own', 'for await (const x of (async function* () { for (;;) yield 1; })());', BURNT, inFunction),
    attack('a spread of an endless iterator', 'own', 'Math.max(...(function* () { for (;;) yield; })())', BURNT_OR_REFUSED),
    attack('iterator helpers', 'own', '(function* () { for (;;) yield 1; })().filter(() => false).map((x) => x).next()', BURNT),
    attack('a trap of a Proxy', 'own', 'new Proxy({}, { get() { for (;;); } }).x', BURNT),
    attack('a Proxy that is its own prototype', 'own', 'const p = new Proxy({}, { getPrototypeOf: () => p }); Object.prototype.isPrototypeOf.call({}, p)', BURNT_OR_REFUSED),
    attack('a comparison that never ends a sort', 'own', 'let n = 0; Array.from({ length: 1e6 }, (_, i) => i).sort(() => (n++ % 3) - 1 + 0 * Math.sqrt(n)); for (;;) [3, 1, 2].sort(() => Math.random() - 0.5)', BURNT_OR_REFUSED),
    attack('recursion that begins again', 'own', '(function f() { try { f(); } finally { f(); } })()', BURNT_OR_REFUSED),
    attack('a toString that is asked again and again', 'own', 'const o = { toString() { return [o, o].map(() => o).join(); } }; String(o)', BURNT_OR_REFUSED),
    attack('a reviver', 'own', 'JSON.parse("[1,2,3]", function (k, v) { this[k + 1] = [1]; return Array(1e3).fill([1]); }); for (;;) JSON.parse("[" + "[1],".repeat(1e4) + "1]", (k, v) => v)', BURNT_OR_REFUSED),
    attack('a clock that is watched', 'own', 'const start = Date.now(); while (Date.now() - start < 1e9);', BURNT),

    // Sleeping.
    attack('a promise that never settles', 'https://github.com/laverdet/isolated-vm/issues/318', 'new Promise(() => {})', SLEPT, sleeps),
    attack('a timer of a day', 'own', 'return await new Promise((resolve) => setTimeout(resolve, 864e5))', SLEPT, {
      ...inFunction,
      ...sleeps,
    }),

    // Built-ins that V8 does not interrupt.
    attack('indexOf', 'own', `Array.prototype.indexOf.call(${ENDLESS}, 1)`, BURNT),
    attack('lastIndexOf', 'own', `Array.prototype.lastIndexOf.call(${ENDLESS}, 1)`, BURNT),
    attack('includes', 'own', `Array.prototype.includes.call(${ENDLESS}, 1)`, BURNT),
    attack('fill', 'https://github.com/laverdet/isolated-vm/issues/198', 'new Array(2 ** 32 - 1).fill(0)', BURNT_OR_REFUSED),
    attack('fill of what is no array', 'https://github.com/laverdet/isolated-vm/issues/107', 'Array.prototype.fill.call(new Proxy({ length: 2 ** 53 - 1 }, { set: () => true }), 0)', BURNT),
    attack('reverse', 'own', `Array.prototype.reverse.call(${ENDLESS})`, BURNT),
    attack('copyWithin', 'own', `Array.prototype.copyWithin.call(${ENDLESS}, 1, 0)`, BURNT),
    attack('flat', 'own', `Array.prototype.flat.call(${ENDLESS})`, BURNT),
    attack('sort', 'own', `Array.prototype.sort.call(${ENDLESS})`, REFUSED),
    attack('join of holes', 'own', 'new Array(2 ** 32 - 1).join(",")', BURNT_OR_REFUSED),
    attack('unshift', 'own', `Array.prototype.unshift.call({ length: 2 ** 53 - 3 }, 1)`, BURNT),
    attack('splice', 'own', `Array.prototype.splice.call(${ENDLESS}, 0, 1)`, BURNT),
    attack('some, with nothing to call', 'own', `Array.prototype.some.call(${ENDLESS}, () => true)`, BURNT),
    attack('reduceRight', 'own', `Array.prototype.reduceRight.call(${ENDLESS}, (x) => x)`, BURNT),
    attack('with and toSorted', 'own', 'Array.prototype.toSorted.call({ length: 2 ** 32 - 1 })', REFUSED),
    attack('a power of a BigInt', 'own', 'String(2n ** (2n ** 29n) * 3n ** (10n ** 7n) % 7n)', BURNT_OR_REFUSED),
    attack('a BigInt as text', 'own', '(3n ** 6000000n).toString(7).length', BURNT_OR_REFUSED),
    attack('a regular expression that backtracks', 'own', '/^(a+)+$/.test("a".repeat(60) + "b")', BURNT),
    attack('a regular expression that looks back', 'own', '/(?<=(x+x+)+y)z/.test("x".repeat(60) + "z".repeat(10)); /((a?){40}){40}(a{40}){40}$/.test("a".repeat(1000) + "b"); /(.*)*\\1(.*)*\\2$/.test("ab".repeat(500) + "!")', BURNT),
    attack('a replace that never finds', 'own', 'for (;;) "x".repeat(2 ** 24).replaceAll("xxxxxxy", "z")', BURNT_OR_REFUSED),
    attack('a search in a long string', 'own', 'const s = "ab".repeat(2 ** 23); for (;;) s.indexOf("ab".repeat(1000) + "c")', BURNT),
    attack('split', 'own', 'for (;;) "a,".repeat(2 ** 20).split(",")', BURNT_OR_REFUSED),
    attack('normalize and localeCompare', 'own', 'const s = "\\u1e9b\\u0323".repeat(2 ** 20); for (;;) s.normalize("NFKD").localeCompare(s)', BURNT_OR_REFUSED),
    attack('JSON of much', 'own', 'const o = Array.from({ length: 1e5 }, (_, i) => ({ i })); for (;;) JSON.parse(JSON.stringify(o))', BURNT_OR_REFUSED),
    attack('keys that collide', 'own', 'const m = new Map(); for (let i = 0; ; i = (i + 1) % 1e5) m.set(i * 2 ** 32, i)', BURNT_OR_REFUSED),
    attack('Intl', 'own', 'for (;;) new Intl.DateTimeFormat("ar-SA-u-ca-islamic-umalqura").format(0)', BURNT_OR_REFUSED),

    // Sources that are slow to compile, and results that are slow to write.
    attack('a source of nested functions', 'own', `${'(()=>{'.repeat(4000)}${'})()'.repeat(4000)}; for (;;);`, BURNT_OR_REFUSED),
    attack('a source of nested arrows in parentheses', 'own', `${'(a=('.repeat(3000)}1${'))=>a'.repeat(3000)}; for (;;);`, BURNT_OR_REFUSED),
    attack('a source of 900 KB of templates', 'own', `${'`${1}`+'.repeat(140_000)}1; for (;;);`, BURNT_OR_REFUSED),
    attack('a source of a regular expression of 500 KB', 'own', `/${'(?:a|b)*'.repeat(60_000)}c/.test("a".repeat(1000)); for (;;);`, BURNT_OR_REFUSED),
    attack('a syntax error with a long text', 'own', `/[${' ['.repeat(15_000)}]+(/`, ends('COMPILATION_FAILED', 'CPU_TIME_LIMIT_EXCEEDED')),
    attack('rejections that nobody handles', 'own', 'for (let i = 0; i < 1e7; i++) Promise.reject(new Error("x".repeat(1000))); 1', BURNT_OR_REFUSED),
    attack('a result that is slow to write', 'own', '({ toJSON() { for (;;); } })', BURNT),
    attack('an error that is slow to describe', 'own', 'throw { get message() { for (;;); } }', BURNT),
    attack('a log that is slow to write', 'own', 'console.log({ toJSON() { for (;;); } })', BURNT),
  ],
};

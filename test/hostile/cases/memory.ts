import { attack, ends, value, type Table } from '../attack.ts';

/** The heap is full: V8, isolated-vm or the meter from outside says so, or V8 ends the process that has no more. */
const FULL = ends('MEMORY_LIMIT_EXCEEDED');
/** The same, where V8 itself may refuse first, which a script can catch. */
const FULL_OR_REFUSED = ends('MEMORY_LIMIT_EXCEEDED', 'SCRIPT_ERROR');
/** The same, where filling it up may take longer than the time there is. */
const FULL_OR_LATE = ends(
  'MEMORY_LIMIT_EXCEEDED',
  'SCRIPT_ERROR',
  'CPU_TIME_LIMIT_EXCEEDED',
  'WALL_TIME_LIMIT_EXCEEDED',
);
const ALL = 'const all = []; ';

/** For what may also end because it is late. */
const bounded = { limits: { timeoutMs: 15_000, maxCpuMs: 4000, maxMemoryMb: 64 } } as const;
/** The same, for what fills up slowly, or has nothing to fill. */
const late = { limits: { timeoutMs: 15_000, maxCpuMs: 800, maxMemoryMb: 64 } } as const;

/** To have more memory than allowed, wherever V8 or the operating system keeps it. */
export const memory: Table = {
  category: 'memory',
  // Much time: how fast a heap fills up depends on the machine.
  limits: { timeoutMs: 50_000, maxCpuMs: 20_000, maxMemoryMb: 64 },
  measuresMemory: true,
  // prettier-ignore
  attacks: [
    // On the heap.
    attack('an array that grows', 'own', `${ALL}for (;;) all.push(all.length)`, FULL),
    attack('arrays of a thousand doubles', 'own', 'const a = []; for (;;) a.push(new Array(1000).fill(1.5))', FULL),
    attack('objects', 'own', `${ALL}for (;;) all.push({ a: 1, b: [2], c: { d: 3 } })`, FULL),
    attack('objects in a chain', 'own', 'let o = {}; for (;;) o = { o }', FULL),
    attack('one object with many properties', 'https://github.com/laverdet/isolated-vm/issues/457', 'const o = {}; for (let i = 0; ; i++) o["a" + i] = "x".repeat(50) + i', FULL),
    attack('a Map', 'own', 'const m = new Map(); for (let i = 0; ; i++) m.set(i, { i })', FULL_OR_REFUSED),
    attack('a Set', 'own', 'const s = new Set(); for (let i = 0; ; i++) s.add("k" + i)', FULL_OR_REFUSED),
    attack('a WeakMap whose keys are held', 'own', `${ALL}const w = new WeakMap(); for (;;) { const k = {}; all.push(k); w.set(k, new Array(100)); }`, FULL_OR_REFUSED),
    attack('closures', 'own', `${ALL}for (let i = 0; ; i++) { const big = new Array(100).fill(i); all.push(() => big); }`, FULL),
    attack('array of holes that gets elements', 'https://github.com/laverdet/isolated-vm/issues/186', 'void (new Array(1024 * 1024 * 60).fill())', FULL_OR_REFUSED),
    attack('fill of a billion', 'https://github.com/laverdet/isolated-vm/issues/137', 'Array(1e9).fill(0)', FULL_OR_LATE, late),
    attack('a spread of a long string', 'https://github.com/laverdet/isolated-vm/issues/107', '[..."x".repeat(1e8)]; undefined', FULL_OR_REFUSED),
    attack('a copy of a buffer, backwards', 'https://github.com/laverdet/isolated-vm/issues/527', 'const b = new Uint8Array(30 * 2 ** 20), view = new Array(b.length); let i = view.length; while (i--) view[i] = b[i]; 1', FULL_OR_LATE, bounded),
    attack('flat of what is doubled', 'own', 'let a = [1, 2, 3, 4]; for (;;) a = [a, a].flat()', FULL_OR_REFUSED),
    attack('arguments', 'own', `${ALL}for (;;) (function () { all.push(arguments); })(...Array(1000))`, FULL),
    attack('generators that are suspended', 'own', `${ALL}for (;;) { const g = (function* () { const big = new Array(100); yield big; })(); g.next(); all.push(g); }`, FULL),
    attack('promises that wait', 'own', `${ALL}for (;;) all.push(new Promise(() => {}).then(() => {}))`, FULL),
    attack('microtasks', 'own', '(function again() { queueMicrotask(again); queueMicrotask(again); })(); new Promise(() => {})', FULL_OR_LATE, bounded),
    attack('timers', 'own', 'for (;;) setTimeout(() => {}, 1e9, new Array(100))', FULL),
    attack('error stacks', 'own', `${ALL}Error.stackTraceLimit = 1000; (function f(n) { if (n) return f(n - 1); for (;;) all.push(new Error("x")); })(500)`, FULL_OR_LATE, bounded),
    attack('symbols with descriptions', 'own', `${ALL}for (let i = 0; ; i++) all.push(Symbol("x".repeat(1000) + i))`, FULL),
    attack('the registry of symbols', 'own', 'for (let i = 0; ; i++) Symbol.for("x".repeat(500) + i)', FULL_OR_LATE, bounded),
    attack('BigInts', 'own', `${ALL}for (let i = 1n; ; i++) all.push(i << 100000n)`, FULL_OR_REFUSED),
    attack('one BigInt', 'own', 'let b = 3n; for (;;) b *= b', FULL_OR_LATE, late),
    attack('class definitions', 'own', `${ALL}for (;;) all.push(class A { a() {} b() {} static c = new Array(50); })`, FULL),
    attack('Proxies', 'own', 'let p = {}; for (;;) p = new Proxy(p, { p })', FULL),
    attack('a deep recursion that holds on', 'own', `${ALL}(function f() { all.push(new Array(1000).fill(all.length)); try { f(); } catch {} f(); })()`, FULL_OR_LATE, bounded),

    // Strings.
    attack('strings that are kept', 'own', `${ALL}for (let i = 0; ; i++) all.push("x".repeat(1000) + i)`, FULL_OR_LATE, late),
    attack('a rope that is made flat', 'own', 'const all = []; let s = "x"; for (let i = 0; i < 26; i++) s += s; for (;;) { const t = s + all.length; t.charCodeAt(5); /x/.test(t); all.push(t); }', FULL_OR_REFUSED),
    attack('padStart', 'own', `${ALL}for (let i = 0; ; i++) { const s = "".padStart(2 ** 24, "ab" + i); s.at(-1); /b/.test(s); all.push(s); }`, FULL_OR_LATE, late),
    attack('join', 'own', `${ALL}for (let i = 0; ; i++) all.push(new Array(2 ** 20).join("ab" + i))`, FULL_OR_LATE, late),
    attack('split into characters', 'own', `${ALL}for (;;) all.push("ab".repeat(2 ** 20).split(""))`, FULL_OR_REFUSED),
    attack('replaceAll that blows up', 'own', 'let s = "aaaa"; for (;;) s = s.replaceAll("a", "aaaaaaaa")', FULL_OR_REFUSED),
    attack('normalize', 'own', 'const all = []; for (let i = 0; ; i++) all.push(("\\ufdfa".repeat(2 ** 20) + i).normalize("NFKD"))', FULL_OR_REFUSED),
    attack('JSON of much', 'own', 'let o = [1]; for (let i = 0; i < 30; i++) o = [o, o]; JSON.stringify(o)', FULL_OR_LATE, late),
    attack('JSON that is parsed', 'own', `${ALL}const text = "[" + "[],".repeat(1e5) + "1]"; for (;;) all.push(JSON.parse(text))`, FULL),
    attack('encodeURIComponent', 'own', `${ALL}for (let i = 0; ; i++) all.push(encodeURIComponent("\\u20ac".repeat(2 ** 18) + i))`, FULL_OR_LATE, late),

    // Beside the heap.
    attack('one ArrayBuffer of a gigabyte', 'own', 'try { new ArrayBuffer(2 ** 30); "made" } catch (e) { e.name }', value('RangeError')),
    attack('ArrayBuffers', 'own', `${ALL}for (;;) all.push(new Uint8Array(2 ** 20).fill(1))`, FULL_OR_REFUSED),
    attack('ArrayBuffers whose errors are caught', 'own', `${ALL}for (;;) { try { all.push(new Uint8Array(2 ** 16).fill(1)); } catch {} }`, FULL_OR_LATE, late),
    attack('a resizable ArrayBuffer', 'own', 'const b = new ArrayBuffer(0, { maxByteLength: 2 ** 30 }); b.resize(2 ** 30); new Uint8Array(b).fill(1); b.byteLength', FULL_OR_REFUSED),
    attack('resizable ArrayBuffers', 'own', `${ALL}for (;;) { const b = new ArrayBuffer(2 ** 20, { maxByteLength: 2 ** 24 }); new Uint8Array(b).fill(1); b.resize(2 ** 24); new Uint8Array(b).fill(1); all.push(b); }`, FULL_OR_REFUSED),
    attack('transfer', 'own', `${ALL}let b = new ArrayBuffer(1); for (let n = 1; ; n++) { b = b.transfer(n * 2 ** 20); new Uint8Array(b).fill(1); all.push(b.slice(0)); }`, FULL_OR_REFUSED),
    attack('views of nothing', 'own', `${ALL}const b = new ArrayBuffer(8); for (;;) all.push(new Float64Array(b), new DataView(b))`, FULL),
    attack('states of a regular expression', 'own', '/(?:(a)|b)*?c/.exec("ab".repeat(2 ** 24)); /^(?:.|\\n)*?(?:x|y)*$/.test("xy".repeat(2 ** 24) + "!")', FULL_OR_LATE, late),
    attack('regular expressions that are compiled', 'own', `${ALL}for (let i = 0; ; i++) { const r = new RegExp("(?:a{1,50}b{1,50}){1,10}" + i); r.test("ab"); r.test("abab"); all.push(r); }`, FULL_OR_LATE, bounded),
    attack('Intl objects', 'own', `${ALL}for (let i = 0; ; i++) all.push(new Intl.DateTimeFormat(["en", "ar-EG", "zh-Hant-TW", "ja-JP-u-ca-japanese"][i % 4], { dateStyle: "full", timeStyle: "full" }), new Intl.NumberFormat("hi-IN"), new Intl.Collator("de"), new Intl.Segmenter("th"))`, FULL_OR_LATE, bounded),
    attack('Intl.Segmenter over a long text', 'own', `${ALL}for (;;) all.push(new Intl.Segmenter("th", { granularity: "word" }).segment("\\u0e01".repeat(2 ** 20))[Symbol.iterator]())`, FULL_OR_LATE, bounded),
    attack('Temporal and Intl.DurationFormat', 'own', `${ALL}for (let i = 0; ; i++) all.push(Temporal.Instant.fromEpochMilliseconds(i).toZonedDateTimeISO("Asia/Tokyo"), new Intl.DurationFormat("en"))`, FULL_OR_LATE, late),
    attack('structuredClone', 'own', 'let o = [1]; for (;;) o = [structuredClone(o), structuredClone(o)]', FULL_OR_LATE, late),
    attack('the text of functions', 'own', `${ALL}const f = () => { /* ${'x'.repeat(100_000)} */ }; for (let i = 0; ; i++) all.push(f.toString() + i, (f + i).slice(1))`, FULL_OR_LATE, bounded),

    // What the bridge keeps.
    attack('a result that is built', 'own', '({ toJSON() { const a = []; for (;;) a.push({ n: a.length }); } })', FULL),
    attack('a result of many strings', 'own', 'Array(1e5).fill("x".repeat(1e4))', ends('MEMORY_LIMIT_EXCEEDED', 'RESULT_NOT_SERIALIZABLE', 'RESULT_TOO_LARGE')),
    attack('a log of many strings', 'own', 'for (;;) console.log(Array(100).fill("x".repeat(1e5)), {}, [])', FULL_OR_LATE, late),
    attack('an error that is large', 'own', 'throw Object.assign(new Error("x".repeat(2 ** 28)), { stack: "y".repeat(2 ** 28), name: "z".repeat(2 ** 28) })', FULL_OR_REFUSED),
    attack('a rejection that is large', 'own', 'Promise.reject(Object.assign(new Error("x".repeat(2 ** 28)), { name: "y".repeat(2 ** 28) })); 1', FULL_OR_REFUSED),
    attack('rejections that are large', 'own', 'for (let i = 0; i < 1e4; i++) Promise.reject(new Error("x".repeat(2 ** 20) + i)); 1', FULL_OR_LATE, bounded),
    attack('a syntax error that is large', 'own', `/${'a'.repeat(900_000)}(/`, ends('COMPILATION_FAILED', 'MEMORY_LIMIT_EXCEEDED')),
    attack('a thrown object that is large', 'own', 'throw { toJSON() { return "x".repeat(2 ** 26).split(""); } }', FULL_OR_REFUSED),
    attack('a FinalizationRegistry that keeps what is dead', 'vm2 ATTACKS.md category 42', 'typeof FinalizationRegistry', value('undefined')),
    attack('a WebAssembly.Memory', 'vm2 ATTACKS.md category 36', 'typeof WebAssembly + typeof SharedArrayBuffer', value('undefinedundefined')),
  ],
};

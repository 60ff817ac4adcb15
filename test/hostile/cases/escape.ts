import { attack, ends, PWN, throws, value, type Table } from '../attack.ts';

const inFunction = { wrap: 'function' } as const;

/** Names that a script of Node, of a browser, of a worker or of a V8 shell has. */
const FOREIGN = `process require module exports global Buffer fetch WebSocket EventSource Worker SharedWorker postMessage
  importScripts XMLHttpRequest navigator location window self document caches Deno Bun setImmediate performance crypto
  URL TextDecoder AbortController MessageChannel BroadcastChannel ReadableStream gc print load read readline quit version
  d8 Realm ShadowRealm $262 ivm isolate _ivm __proto$ WebAssembly SharedArrayBuffer Atomics FinalizationRegistry`;

/** Everything that can be reached from the global object without calling anything. */
const REACHABLE = `const reached = new Set();
const visit = (value) => {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || reached.has(value)) return;
  reached.add(value);
  for (const key of Reflect.ownKeys(value)) {
    const { value: child, get, set } = Reflect.getOwnPropertyDescriptor(value, key);
    visit(child); visit(get); visit(set);
  }
  visit(Object.getPrototypeOf(value));
};
visit(globalThis);
for (const sample of [async () => 0, function* () {}, async function* () {}, [].values(), ''.matchAll(/a/g), new Map().keys(), new Set().keys(), ''[Symbol.iterator]()]) visit(sample);
`;

/** To run code of the author's outside of the realm, or to get hold of anything that is not of it. */
export const escape: Table = {
  category: 'escape',
  limits: { timeoutMs: 5000 },
  // prettier-ignore
  attacks: [
    // Constructors.
    attack('the constructor of the constructor of this', 'GHSA-37j7-fg3j-429f', PWN + 'pwn(this.constructor.constructor)', value('EvalError')),
    attack('the prototype of the global object', 'vm2 ATTACKS.md category 1', PWN + 'pwn(globalThis.__proto__.constructor.constructor)', value('EvalError')),
    attack('an async function', 'CVE-2026-23830', PWN + 'pwn((async () => {}).constructor)', value('EvalError')),
    attack('a generator', 'own', PWN + 'pwn((function* () {}).constructor)', value('EvalError')),
    attack('an async generator', 'own', PWN + 'pwn((async function* () {}).constructor)', value('EvalError')),
    attack('an async generator behind its prototypes', 'own', PWN + 'pwn(Object.getPrototypeOf(Object.getPrototypeOf((async function* () {}).prototype)).constructor.constructor ?? (() => {}).constructor)', value('EvalError')),
    attack('a chain written without letters', 'http://www.jsfuck.com', PWN + '[]; pwn([]["f"+(![]+[])[1]+"l"+"t"] ?? [][(![]+[])[+[]]+(![]+[])[2]+(![]+[])[1]+(!![]+[])[0]]["c"+"o"+"nstructor"])', value('EvalError')),
    attack('Function.__proto__', 'https://github.com/natevw/evel/issues/18', PWN + 'pwn(Function.__proto__.constructor)', value('EvalError')),
    attack('a name in an array', 'CVE-2021-23771', PWN + 'pwn((() => {})[["constructor"]])', value('EvalError')),
    attack('a key that changes between check and use', 'GHSA-7x3h-rm86-3342', PWN + 'const key = { n: 0, toString() { return this.n++ ? "constructor" : "name"; } }; (() => {})[key]; pwn((() => {})[key])', value('EvalError')),
    attack('a name inside with', 'GHSA-5xrp-6693-jjx9', PWN + '(function () { var constructor = 1; with (function () {}) { return pwn(constructor); } })()', value('EvalError')),
    attack('a name that is destructured', 'CVE-2026-25049', PWN + '(({ constructor: { constructor: F } }) => pwn(F))(() => {})', value('EvalError')),
    attack('values of the global object', 'GHSA-58jh-xv4v-pcx4', 'Object.values(this).map((v) => typeof v)', value(['object', 'undefined'])),
    attack('an allow list in a replaced Map.prototype.has', 'GHSA-66h4-qj4x-38xp', PWN + 'const m = Map.prototype; m.has = isFinite; pwn(isFinite.constructor)', value('EvalError')),
    attack('a getter through __lookupGetter__', 'GHSA-grj5-jjm8-h35p', PWN + 'const up = ({}).__lookupGetter__("__proto__"); pwn(up.call(setTimeout).constructor)', value('EvalError')),
    attack('functions that were put into the realm', 'GHSA-jc85-fpwf-qm7x', PWN + '[setTimeout, setInterval, clearTimeout, clearInterval, queueMicrotask, structuredClone, console.log].map((f) => f instanceof Function && pwn(f.constructor))', value(Array(7).fill('EvalError'))),
    attack('Reflect.construct with another new.target', 'https://www.figma.com/blog/an-update-on-plugin-security/', PWN + 'pwn((...args) => Reflect.construct(Function, args, Object))', value('EvalError')),
    attack('a class that extends Function', 'own', PWN + 'pwn((code) => new (class extends Function {})(code))', value('EvalError')),
    attack('the constructor of Intl, Temporal and Iterator', 'own', PWN + '[Intl.DateTimeFormat, Temporal.Now.instant, Iterator, DisposableStack].map((f) => pwn(f.constructor))', value(Array(4).fill('EvalError'))),
    attack('eval, direct and indirect', 'CVE-2025-68613', '[() => eval("typeof process"), () => (0, eval)("typeof process"), () => globalThis["ev" + "al"]("typeof process")].map((f) => { try { return f(); } catch (e) { return e.name; } })', value(Array(3).fill('EvalError'))),
    attack('a string for a timer', 'own', '[setTimeout, setInterval].map((f) => { try { return typeof f("globalThis.x = 1"); } catch (e) { return e.name; } })', value(['TypeError', 'TypeError'])),

    // What is there.
    attack('this.process', 'CVE-2025-68613', '(function () { return typeof (this.process ?? this.process?.mainModule); })()', value('undefined')),
    attack('globals of other hosts', 'CVE-2022-23923', `${JSON.stringify(FOREIGN)}.split(/\\s+/).filter((name) => name in globalThis)`, value([])),
    attack('state of the sandbox by name', 'GHSA-2cm2-m3w5-gp2f', 'Reflect.ownKeys(globalThis).map(String).filter((name) => /vm|internal|state|bridge|realm|host|sandbox|isolate|primordial|^use$|^_/i.test(name))', value([])),
    attack('a handle of isolated-vm left in the realm', 'https://github.com/laverdet/isolated-vm#security', `${REACHABLE}[...reached].map((v) => v.constructor?.name ?? v.name).filter((n) => /^(Reference|ExternalCopy|Isolate|Context|Script|Module|Callback|NativeModule|InspectorSession)$/.test(n))`, value([])),
    attack('a real code generator left in the realm', 'own', `${REACHABLE}[...reached].filter((f) => typeof f === 'function' && /^(eval|(Async)?(Generator)?Function)$/.test(f.name)).length`, value(0)),
    attack('registered symbols of Node', 'GHSA-47x8-96vw-5wg6', `${REACHABLE}[...reached].flatMap((o) => Object.getOwnPropertySymbols(o)).filter((s) => Symbol.keyFor(s) !== undefined).length`, value(0)),
    attack('WebAssembly.JSTag', 'GHSA-ffh4-j6h5-pg66', 'typeof globalThis.WebAssembly?.JSTag + typeof WebAssembly', value('undefinedundefined')),
    attack('promises of WebAssembly JSPI', 'CVE-2026-47210', 'Reflect.has(globalThis, "WebAssembly") || typeof globalThis["WebAssembly"]?.promising', value('undefined')),
    attack('a ShadowRealm', 'https://github.com/tc39/proposal-shadowrealm', 'typeof ShadowRealm', value('undefined')),
    attack('natives of V8', 'own', '%DebugPrint(1)', ends('COMPILATION_FAILED')),
    attack('import()', 'GHSA-9c4h-3f7h-322r', 'const { name } = await import("node:child_process").then(() => ({ name: "in" }), (e) => e); return name', value('Error'), inFunction),
    attack('import() in a spread', 'GHSA-9c4h-3f7h-322r', '({ ...import("node:fs") }); ({ ...(await import("fs").catch(() => ({ none: 1 }))) })', ends('COMPILATION_FAILED')),
    attack('import() of data', 'own', 'return await import("data:text/javascript,export default 7").then((m) => m.default, () => "refused")', value('refused'), inFunction),
    attack('import.meta', 'own', 'import.meta.url', ends('COMPILATION_FAILED')),
    attack('a static import', 'own', 'import fs from "node:fs"; fs', ends('COMPILATION_FAILED')),

    // Errors and stacks.
    attack('this of the frames of a stack', 'https://github.com/hacksparrow/safe-eval/issues/28', 'Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getThis()).find((v) => v); const found = new Error().stack; found === undefined || found === globalThis', value(true)),
    attack('functions of the frames of a stack', 'GHSA-mrgp-mrhc-5jrq', PWN + 'globalThis.Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getFunction()).filter((f) => f && pwn(f.constructor) !== "EvalError").length; new Error().stack', value(0)),
    attack('frames below a timer', 'https://github.com/gf3/sandbox/issues/65', 'Error.prepareStackTrace = (_, sites) => sites.filter((site) => { const t = site.getThis(); return t !== undefined && t !== globalThis || site.getFunction()?.name === "runDue"; }).length; return await new Promise((resolve) => setTimeout(() => resolve(new Error().stack), 1))', value(0), inFunction),
    attack('frames while a result is written', 'own', 'Error.prepareStackTrace = (_, sites) => sites.filter((site) => ![undefined, globalThis, o].includes(site.getThis())).length; const o = { toJSON() { return new Error().stack; } }; o', value(0)),
    attack('prepareStackTrace that is asked for an async error', 'GHSA-7jxr-cg7f-gpgv', PWN + 'let got = "nothing"; Error.prepareStackTrace = (e, frames) => { got = pwn(frames.constructor.constructor); }; await (async () => { throw new Error(); })().catch((e) => e.stack); return got', value('EvalError'), inFunction),
    attack('a name that is a Proxy of a function', 'GHSA-whpj-8f3w-67p5', PWN + 'let got = "nothing"; const e = new Error(); e.name = { toString: new Proxy(() => "", { apply(target, self, args) { got = pwn(args.constructor.constructor); return ""; } }) }; String(e); try { e.stack; console.log(e); } catch {} got', value('EvalError')),
    attack('a Proxy whose prototype overflows the stack', 'GHSA-ch3r-j5x3-6q2m', PWN + 'const p = new Proxy({}, { getPrototypeOf() { (function stack() { new Error().stack; stack(); })(); } }); try { throw p; } catch ({ constructor: c }) { pwn(c.constructor) }', value('EvalError')),
    attack('an overflow of the stack', 'CVE-2019-10761', PWN + 'let got; (function f() { try { f(); } catch (e) { got ??= e; } })(); pwn(got.constructor.constructor)', value('EvalError')),
    attack('an overflow while a stack is written', 'https://github.com/hacksparrow/safe-eval/issues/31', PWN + 'let got; try { (function stack() { new Error().stack; stack(); })(); } catch (e) { got = e; } pwn(got.constructor.constructor)', value('EvalError')),
    attack('an error of __defineGetter__', 'https://github.com/hacksparrow/safe-eval/issues/32', PWN + 'try { __defineGetter__("x", ); } catch (e) { pwn(e.constructor.constructor) }', value('EvalError')),
    attack('an error of valueOf()', 'https://github.com/gf3/sandbox/issues/70', PWN + 'try { valueOf(); "no error" } catch (e) { pwn(e.constructor.constructor) }', value('EvalError')),
    attack('an error of a function of ours', 'CVE-2026-22686', PWN + '[() => setTimeout("x"), () => queueMicrotask(1), () => structuredClone(() => 1), () => eval("1")].map((f) => { try { f(); } catch (e) { return pwn(e.constructor.constructor); } })', value(Array(4).fill('EvalError'))),
    attack('the cause of an error of ours', 'GHSA-m283-3h24-438v', 'try { structuredClone(() => {}); } catch (e) { [typeof e.cause, e instanceof Error, Object.getPrototypeOf(e) === Error.prototype] }', value(['undefined', true, true])),
    attack('a SuppressedError of a DisposableStack', 'GHSA-55hx-c926-fr95', PWN + 'const ds = new DisposableStack(); ds.defer(() => { throw null; }); ds.defer(() => null.x); try { ds.dispose(); } catch (e) { pwn((e.suppressed ?? e.error).constructor.constructor) }', value('EvalError')),
    attack('a SuppressedError of using', 'GHSA-55hx-c926-fr95', PWN + 'const o = { [Symbol.dispose]() { null.x; } }; try { { using a = o; throw null; } } catch (e) { pwn(e.error.constructor.constructor) }', value('EvalError')),
    attack('who has called toJSON', 'GHSA-g8f2-4f4f-5jqw', '({ toJSON: function f() { return String(f.caller); } })', value('null')),
    attack('who has called a timer', 'GHSA-g8f2-4f4f-5jqw', 'return await new Promise((resolve) => setTimeout(function f() { resolve([String(f.caller), String(arguments.callee.caller)]); }, 1))', value(['null', 'null']), inFunction),
    attack('who has called a thenable', 'own', '({ then: function f(resolve) { resolve(String(f.caller)); } })', value('null')),
    attack('who has called the function body', 'own', 'try { return String(arguments.callee.caller); } catch (e) { return e.name; }', value('TypeError'), inFunction),

    // Promises.
    attack('a species that gets the error of an async function', 'GHSA-cchq-frgv-rjh5', PWN + 'let got = "nothing"; async function fn() { (function stack() { new Error().stack; stack(); })(); } const p = fn(); p.constructor = { [Symbol.species]: class { constructor(run) { run((x) => x, (e) => { got = pwn(e.constructor.constructor); }); } } }; p.then(); await 0; await 0; return got', value('EvalError'), inFunction),
    attack('a species of a subclass', 'GHSA-76w7-j9cq-rx2j', PWN + 'let got = "nothing"; class P extends Promise { static get [Symbol.species]() { return function (run) { run((x) => x, (e) => { got = pwn(e.constructor.constructor); }); }; } } new P((_, reject) => reject(new Error())).then(); await 0; await 0; return got', value('EvalError'), inFunction),
    attack('an async function whose error has a Symbol for a name', 'GHSA-99p7-6v5w-7xg8', PWN + 'const e = new Error(); e.name = Symbol(); return await (async () => e.stack)().then((text) => typeof text, (error) => pwn(error.constructor.constructor))', value('string'), inFunction),
    attack('Array.fromAsync', 'GHSA-v27g-jcqj-v8rw', PWN + 'return await Array.fromAsync([0], () => { null.x; }).catch((e) => pwn(e.constructor.constructor))', value('EvalError'), inFunction),
    attack('yield* that awaits a hostile thenable', 'GHSA-248r-7h7q-cr24', PWN + 'async function* g() { yield* { [Symbol.asyncIterator]: () => ({ next: () => ({ value: 1, done: false }) }) }; } const i = g(); await i.next(); return await i.return({ then() { null.x; } }).then(({ value }) => pwn(value.constructor.constructor), (e) => pwn(e.constructor.constructor))', value('EvalError'), inFunction),
    attack('a promise whose executor throws', 'GHSA-hw58-p9xv-2mjh', 'new Promise(() => { const e = new Error("boom"); e.name = Symbol(); throw e; }); 1', ends('SCRIPT_ERROR')),
    attack('an async function that nobody awaits', 'vm2 ATTACKS.md category 22', '(async function () { throw new Error("boom"); })(); (async function* () { throw new Error("boom"); })().next(); 1', throws('Error')),

    // What our code does with hostile values.
    attack('a custom inspect function', 'GHSA-g644-9gfx-q4q4', PWN + 'let got = "nothing"; const o = { [Symbol.for("nodejs.util.inspect.custom")](depth, options, inspect) { got = pwn(inspect.constructor); } }; console.log(o); got', value('nothing')),
    attack('an inspect of a Proxy', 'GHSA-v37h-5mfm-c47c', 'let own = 0; const trap = { get: (_, name) => (...args) => { own += args.some((a) => Object.getPrototypeOf(Object(a)) === null) ? 1 : 0; return Reflect[name](...args); } }; console.log(new Proxy({ a: 1 }, new Proxy({}, trap))); own', value(0)),
    attack('setters of Array.prototype', 'GHSA-9qj6-qjgg-37qq', 'let seen = 0; for (let i = 0; i < 20; i++) Object.defineProperty(Array.prototype, i, { configurable: true, set(v) { seen++; } }); console.log(1, {}, 3); structuredClone({ a: [1, 2, { b: 3 }] }); const id = setTimeout(() => {}, 1, 1, 2); clearTimeout(id); queueMicrotask(() => {}); seen', value(0)),
    attack('the prototype of Object.prototype', 'GHSA-v6mx-mf47-r5wg', 'try { Object.prototype.__proto__ = { polluted: 1 }; } catch (e) { e.name }', value('TypeError')),
    attack('Function.prototype.call, for our calls', 'vm2 ATTACKS.md category 7', 'let seen = 0; for (const k of ["call", "apply", "bind"]) { const real = Function.prototype[k]; Function.prototype[k] = function (...args) { seen++; return Reflect.apply(real, this, args); }; } console.log({}); setTimeout(() => {}, 1); await 0; return seen', value(0), inFunction),
    attack('a body that closes its wrapper', 'own', '}); globalThis.out = typeof arguments; (async function () {', ends('COMPILATION_FAILED'), inFunction),
    attack('a body that comments its wrapper out', 'own', 'return 1 /*', ends('COMPILATION_FAILED'), inFunction),
    attack('a file name of ours', 'own', 'throw new Error("x")', throws('Error'), { name: 'js-runtime:realm' }),
    attack('a source URL and a source map of a file', 'own', 'new Error("x").stack.length > 0\n//# sourceURL=file:///etc/passwd\n//# sourceMappingURL=file:///etc/passwd', value(true)),
    attack('compiled code in the request', 'CVE-2022-39266', '1', ends('INVALID_REQUEST'), {
      forged: { codeCache: 'AAAA', cachedData: 'AAAA' },
    }),
  ],
};

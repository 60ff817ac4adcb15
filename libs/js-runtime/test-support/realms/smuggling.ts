/*
 * How one invocation of a function could leave something for the next that is run in the same realm. To try something else,
 * add a line.
 */

/** A name; a function body that leaves something behind; and one that returns what it finds of it. */
type Smuggling = readonly [name: string, leave: string, find: string];

/** Leaves a property with an object. */
function property(name: string, object: string): Smuggling {
  return [`a property of ${name}`, `(${object}).left = 1`, `return (${object}).left`];
}

const PARENT = 'Object.getPrototypeOf';
const DESCRIPTOR = 'Object.getOwnPropertyDescriptor';

/** The functions that get and set what an error has as its stack. */
const STACK = `${DESCRIPTOR}(new Error("x"), "stack")`;

const properties: readonly Smuggling[] = [
  property('the global object', 'globalThis'),
  property('the global object, as this', 'this'),
  property('Object.prototype', 'Object.prototype'),
  property('Array.prototype', 'Array.prototype'),
  property('what with() leaves out of arrays', 'Array.prototype[Symbol.unscopables]'),
  property('Function.prototype', 'Function.prototype'),
  property('RegExp.prototype', 'RegExp.prototype'),
  property('RegExp', 'RegExp'),
  property('a namespace', 'Math'),
  property('a function', 'Math.max'),
  property('a constructor', '({}).constructor'),
  property('a getter', `${DESCRIPTOR}(Map.prototype, "size").get`),
  property('a getter of RegExp', `${DESCRIPTOR}(RegExp.prototype, "flags").get`),
  property('a method that can be overridden', '({}).toString'),
  property('a constructor that can be overridden', '(class extends TypeError {}).prototype.__proto__.constructor'),
  property('a method of RegExp', 'RegExp.prototype.exec'),
  property(
    'what a property was repaired with',
    `(({ get, value }) => get ?? value)(${DESCRIPTOR}(Object.prototype, "toString"))`,
  ),
  property(
    'what sets a repaired property',
    `(({ set, value }) => set ?? value)(${DESCRIPTOR}(Object.prototype, "toString"))`,
  ),
  property('what gets the stack of an error', `${STACK}.get`),
  property('what sets the stack of an error', `${STACK}.set`),
  property(
    'what gets a captured stack',
    `(() => { const o = {}; Error.captureStackTrace(o); return ${DESCRIPTOR}(o, "stack").get; })()`,
  ),
  property('eval', 'eval'),
  property('the prototype of eval', 'eval.prototype ?? eval'),
  property('Function', 'Function'),
  property('the constructor of async functions', '(async () => {}).constructor'),
  property('the constructor of generators', '(function* () {}).constructor'),
  property('the prototype of async functions', `${PARENT}(async () => {})`),
  property('the prototype of generator functions', `${PARENT}(function* () {})`),
  property('the prototype of generators', `${PARENT}(function* () {}).prototype`),
  property('the prototype of async generator functions', `${PARENT}(async function* () {})`),
  property('the prototype of async generators', `${PARENT}(async function* () {}).prototype`),
  property('the prototype of async iterators', `${PARENT}(${PARENT}(async function* () {}).prototype)`),
  property('the prototype of iterators', 'Iterator.prototype'),
  property('the prototype of iterators of arrays', `${PARENT}([].values())`),
  property('the prototype of iterators of maps', `${PARENT}(new Map().values())`),
  property('the prototype of iterators of sets', `${PARENT}(new Set().values())`),
  property('the prototype of iterators of strings', `${PARENT}(""[Symbol.iterator]())`),
  property('the prototype of iterators of matches', `${PARENT}("".matchAll(/./g))`),
  property('the prototype of iterator helpers', `${PARENT}([].values().map((x) => x))`),
  property('the prototype of wrapped iterators', `${PARENT}(Iterator.from({ next() {} }))`),
  property('the prototype of segments', `${PARENT}(new Intl.Segmenter().segment(""))`),
  property('the prototype of iterators of segments', `${PARENT}(new Intl.Segmenter().segment("")[Symbol.iterator]())`),
  property('the prototype of typed arrays', `${PARENT}(Uint8Array.prototype)`),
  property('Intl', 'Intl'),
  property('a class of Intl', 'Intl.DurationFormat.prototype'),
  property('a class of Temporal', 'Temporal.ZonedDateTime.prototype'),
  property('DisposableStack', 'DisposableStack.prototype'),
  property('a timer function', 'setTimeout'),
  property('a function of the console', 'console.log'),
  property('structuredClone', 'structuredClone'),
  property('queueMicrotask', 'queueMicrotask'),
];

/** What the next finds in a realm that is not hardened. */
// prettier-ignore
export const PASSED_ON: readonly Smuggling[] = [
  ...properties,
  ['a global that was not declared', 'left = 1', 'return typeof left'],
  ['a symbol of an intrinsic', 'Array.prototype[Symbol.for("left")] = 1', 'return [][Symbol.for("left")]'],
  ['a property that is not enumerable', 'Object.defineProperty(Math, "left", { value: 1 })', 'return Math.left'],
  ['a property by Reflect.set with another receiver', 'Reflect.set({}, "left", 1, Math)', 'return Math.left'],
  ['a property by Object.assign', 'Object.assign(Math, { left: 1 })', 'return Math.left'],
  ['a property by super', '({ set() { super.left = 1; } }).set.call(Math)', 'return Math.left'],
  ['a property by __defineGetter__', 'Math.__defineGetter__("left", () => 1)', 'return Math.left'],
  ['a property by a class', 'new (class extends (function () { return Math; }) { left = 1; })()', 'return Math.left'],
  ['a property by a static block', '(class extends Map { static { Map.left = 1; } })', 'return Map.left'],
  ['a prototype', 'Object.setPrototypeOf(Math, { left: 1 })', 'return Math.left'],
  ['a prototype by __proto__', 'Math.__proto__ = { left: 1 }', 'return Math.left'],
  ['a prototype that is a Proxy', 'Object.setPrototypeOf(Array.prototype, new Proxy({}, { get: (target, key) => key }))', 'return [].left'],
  ['a prototype of the global object', 'Object.setPrototypeOf(globalThis, { left: 1 })', 'return typeof left'],
  ['an element', 'Array.prototype.push(1)', 'return [Array.prototype.length, [][0]]'],
  ['a property less', 'delete Math.max', 'return typeof Math.max'],
  ['the order of properties', 'const { abs } = Math; delete Math.abs; Math.abs = abs;', 'return Reflect.ownKeys(Math).indexOf("abs")'],
  ['the attributes of a property', 'Object.defineProperty(Math, "abs", { enumerable: true })', 'return Object.keys(Math)'],
  ['that nothing more can be added', 'Object.preventExtensions(Math)', 'return Object.isExtensible(Math)'],
  ['a method', 'Array.prototype.map = () => "left"', 'return [1].map((x) => x)'],
  ['a method that can be overridden', 'Object.prototype.toString = () => "left"', 'return String({})'],
  ['a method by Reflect.set', 'Reflect.set(Object.prototype, "toString", () => "left")', 'return String({})'],
  ['a method by Reflect.set with another receiver', 'Reflect.set(Object.create(Object.prototype), "toString", () => "left", Object.prototype)', 'return String({})'],
  ['a method by super', '({ set() { super.toString = () => "left"; } }).set.call(Array.prototype)', 'return String([1])'],
  ['a function of a namespace', 'JSON.stringify = () => "left"', 'return JSON.stringify(1)'],
  ['a constructor', 'globalThis.Map = function () { this.left = 1; }', 'return new Map().left'],
  ['toJSON', 'Object.prototype.toJSON = () => "left"', 'return JSON.stringify({})'],
  ['then', 'Object.prototype.then = function (resolve) { delete Object.prototype.then; Object.prototype.left = 1; resolve(1); }', 'return Promise.resolve({}).then((x) => [typeof x, ({}).left])'],
  ['Promise.prototype.then', 'const { then } = Promise.prototype; Promise.prototype.then = function (...args) { globalThis.left = 1; return then.apply(this, args); }', 'return Promise.resolve(1).then(() => typeof left)'],
  ['Symbol.iterator', 'Array.prototype[Symbol.iterator] = function* () { yield "left"; }', 'return [...[1]]'],
  ['next of an iterator', 'Object.getPrototypeOf([].values()).next = () => ({ done: true })', 'return [...[1]]'],
  ['Symbol.species', 'Object.defineProperty(Array, Symbol.species, { value: class extends Array { left = 1; } })', 'return [1].map((x) => x).left'],
  ['Symbol.hasInstance', 'Object.defineProperty(Array, Symbol.hasInstance, { value: () => true })', 'return 1 instanceof Array'],
  ['Symbol.toPrimitive', 'Object.defineProperty(Date.prototype, Symbol.toPrimitive, { value: () => "left" })', 'return `${new Date(0)}`'],
  ['Function.prototype.call', 'Function.prototype.call = () => "left"', 'return (() => 1).call()'],
  ['the last match', '/(l)(e)ft/.test("a left b")', 'return [RegExp.$1, RegExp.$2, RegExp.input, RegExp.lastMatch, RegExp.lastParen, RegExp.leftContext, RegExp.rightContext]'],
  ['the last match by its short names', '/(l)(e)ft/.test("a left b")', 'return ["$_", "$&", "$+", "$`", "$\'"].map((name) => RegExp[name])'],
  ['RegExp.input', 'RegExp.input = "left"', 'return RegExp.input'],
  ['a method of RegExp.prototype', 'RegExp.prototype.exec = () => null', 'return /a/.test("a")'],
  ['a symbol of RegExp.prototype', 'RegExp.prototype[Symbol.for("left")] = 1', 'return /a/[Symbol.for("left")]'],
  ['a property of RegExp.prototype less', 'delete RegExp.prototype.sticky', 'return /a/y.sticky'],
  ['the order of RegExp.prototype', 'const { exec } = RegExp.prototype; delete RegExp.prototype.exec; Object.defineProperty(RegExp.prototype, "exec", { value: exec, writable: true, enumerable: false, configurable: true })', 'return Reflect.ownKeys(RegExp.prototype).indexOf("exec")'],
  ['an attribute in RegExp.prototype', 'Object.defineProperty(RegExp.prototype, "test", { enumerable: true })', 'return Object.keys(RegExp.prototype)'],
  ['a getter of RegExp.prototype', 'Object.defineProperty(RegExp.prototype, "source", { get: () => "left" })', 'return /a/.source'],
  ['that nothing more can be added to RegExp.prototype', 'Object.preventExtensions(RegExp.prototype)', 'return Object.isExtensible(RegExp.prototype)'],
  ['the prototype of RegExp.prototype', 'Object.setPrototypeOf(RegExp.prototype, { left: 1 })', 'return /a/.left'],
  ['a stack that RegExp.prototype was given', `Error.captureStackTrace(RegExp.prototype); ${STACK}.set.call(RegExp.prototype, "left"); delete RegExp.prototype.stack`, `return ${STACK}.get.call(RegExp.prototype)`],
  ['that RegExp.prototype was given a stack', `Error.captureStackTrace(RegExp.prototype); ${STACK}.set.call(RegExp.prototype, undefined); delete RegExp.prototype.stack`, `${STACK}.set.call(RegExp.prototype, "left"); return ${STACK}.get.call(RegExp.prototype)`],
  ['what is assigned to RegExp.prototype past a repaired property', 'RegExp.prototype.valueOf = () => "left"', 'return /a/.valueOf() === "left"'],
  ['the length of stacks', 'Error.stackTraceLimit = 0', 'return Error.stackTraceLimit'],
  ['what prepares stacks', 'Error.prepareStackTrace = () => "left"', 'return new Error("x").stack === "left"'],
  ['what a promise does later', 'Promise.resolve().then(() => { globalThis.left = 1; })', 'return typeof left'],
  ['what an async function does later', '(async () => { for (let i = 0; i < 1000; i++) await 0; globalThis.left = 1; })()', 'return typeof left'],
  ['what an async generator does later', '(async () => { for await (const x of (async function* () { yield* [1, 2]; })()) globalThis.left = x; })()', 'return typeof left'],
  ['what a promise of an array does later', 'Array.fromAsync([1, 2], (x) => { globalThis.left = x; })', 'return typeof left'],
];

/** What the next does not find in any realm. */
// prettier-ignore
export const NOT_PASSED_ON: readonly Smuggling[] = [
  ['a property of the function that throws', `${DESCRIPTOR}((function () { "use strict"; return arguments; })(), "callee").get.left = 1`, `return ${DESCRIPTOR}((function () { "use strict"; return arguments; })(), "callee").get.left`],
  ['a property of the function itself', 'arguments.callee.left = 1', 'return arguments.callee.left'],
  ['a property of what called', 'const f = function () { return f.caller; }; const caller = f(); if (caller) caller.left = 1', 'const f = function () { return f.caller?.left; }; return f()'],
  ['a variable', 'var left = 1', 'return typeof left'],
  ['a function', 'function left() {}', 'return typeof left'],
  ['the prototype of Object.prototype', 'Object.setPrototypeOf(Object.prototype, { left: 1 })', 'return ({}).left'],
  ['a property of the arrays of a template', 'const tag = (strings) => strings; for (const strings of [tag`left`, tag`left`.raw]) strings.left = 1', 'const tag = (strings) => strings; return [tag`left`.left, tag`left`.raw.left]'],
  ['a private field of an intrinsic', 'class Left extends (function (object) { return object; }) { #left = 1; static find(object) { return #left in object; } } new Left(Math)', 'class Left extends (function (object) { return object; }) { #left = 1; static find(object) { return #left in object; } } return Left.find(Math)'],
  ['the stack of an intrinsic', `try { Error.captureStackTrace(Math); } catch {} ${STACK}.set.call(Math, "left")`, `return ${STACK}.get.call(Math)`],
  ['that a symbol was registered', 'Symbol.for("left")', 'return [Symbol.keyFor(Symbol("left")), Symbol.for("left").description]'],
  ['a weak key that is a registered symbol', 'new WeakMap().set(Symbol.for("left"), 1)', 'return new WeakMap().has(Symbol.for("left"))'],
  ['what a registry of garbage does later', 'new FinalizationRegistry(() => { globalThis.left = 1; }).register({}, 1)', 'return typeof FinalizationRegistry'],
  ['memory that is shared', 'new SharedArrayBuffer(8)', 'return [typeof SharedArrayBuffer, typeof Atomics, typeof WebAssembly]'],
  ['a global by code from text', 'try { (0, eval)("var left = 1"); } catch {} (async () => {}).constructor("left = 1")()', 'return typeof left'],
  ['a format that an old constructor keeps', 'Intl.NumberFormat.call(Object.create(Intl.NumberFormat.prototype))', 'return Object.getOwnPropertySymbols(Intl.NumberFormat.prototype).length'],
  ['the position of a literal', 'const match = () => /a/g; match().test("aa")', 'const match = () => /a/g; return match().lastIndex'],
  ['another pattern of a literal', 'const match = () => /a/; match().compile("left")', 'const match = () => /a/; return match().source'],
  ['the state of a generator', 'function* count() { let n = 0; for (;;) yield ++n; } count().next()', 'function* count() { let n = 0; for (;;) yield ++n; } return count().next().value'],
  ['a static field', '(class Left { static n = 0; }).n++', 'return (class Left { static n = 0; }).n'],
  ['a handler of the end of a resource', 'const stack = new DisposableStack(); stack.defer(() => { globalThis.left = 1; })', 'return typeof left'],
];

/** What to look at beside the global object: prototypes and functions that only syntax and methods lead to. */
export const HIDDEN = String.raw`
  const lineage = (object) => (object === null ? [] : [object, ...lineage(Object.getPrototypeOf(object))]);
  const segments = new Intl.Segmenter().segment('a');
  const strictArguments = (function () { 'use strict'; return arguments; })();
  const captured = {};
  Error.captureStackTrace(captured);
  const functionOf = (object) => Object.values(Object.getOwnPropertyDescriptors(object)).flatMap(({ get, set }) => [get, set]);
  // Each has a prototype of its own, which is new each time.
  const generators = [function* () {}(), async function* () {}()].map(Object.getPrototypeOf);
  const instances = [
    ...generators, [].values(), new Map().keys(), new Set().keys(), ''[Symbol.iterator](), 'a'.matchAll(/./g),
    Iterator.from([1]).map((x) => x), Iterator.from({ next() {} }), Iterator.concat([1]), segments, segments[Symbol.iterator](),
    () => 0, async () => 0, function* () {}, async function* () {}, class {}, class extends Map {}, Math.max.bind(null), Promise.resolve(), (async () => {})(),
    new Error('x'), new AggregateError([]), new Uint8Array(1), new DataView(new ArrayBuffer(1)), new Date(), Object(Symbol()), Object(1n), /a/, new WeakRef({}),
    new Intl.DateTimeFormat(), new Intl.DateTimeFormat().format, new Intl.Collator().compare, new Intl.NumberFormat(), Intl.v8BreakIterator(),
    Temporal.Now.instant(), new DisposableStack(), new AsyncDisposableStack(), setTimeout, Proxy.revocable({}, {}).revoke,
  ];
  const hidden = [
    ...instances.flatMap((instance) => lineage(Object.getPrototypeOf(instance))),
    ...[new Error('x'), captured, strictArguments].flatMap(functionOf),
  ];
`;

/** Defines `changeable(roots, except)`: paths to all that can be changed of what can be reached from there, and how many objects that were. */
export const CHANGEABLE = String.raw`
  const changeable = (roots, except) => {
    const paths = new Map(), waiting = [], found = [];
    const visit = (value, path) => {
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null || paths.has(value)) return;
      paths.set(value, path);
      waiting.push(value);
    };
    const got = (object, key) => {
      try {
        return object[key];
      } catch {
        // Of something else than a prototype.
      }
    };
    roots.forEach((root, index) => visit(root, root === globalThis ? 'globalThis' : 'hidden ' + index));
    while (waiting.length > 0) {
      const object = waiting.pop(), path = paths.get(object);
      if (object !== except && Object.isExtensible(object)) found.push(path);
      visit(Object.getPrototypeOf(object), path + '.__proto__');
      for (const key of Reflect.ownKeys(object)) {
        const name = path === 'globalThis' ? String(key) : path + '.' + String(key);
        const { value, get, set, writable, configurable } = Object.getOwnPropertyDescriptor(object, key);
        if (object !== except && (configurable || writable)) found.push(name);
        visit(value, name);
        visit(get, name + ' (get)');
        visit(got(object, key), name + ' (got)');
        visit(set, name + ' (set)');
      }
    }
    return { found, objects: paths.size };
  };
`;

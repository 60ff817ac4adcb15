/** An identifier, as a namespace, a method or a global of ours must be one. */
const IDENTIFIER = /^[A-Za-z_$][\w$]{0,63}$/;

/** What every realm has as a global, and what may not be declared as one. https://tc39.es/ecma262/#sec-global-object */
const TAKEN: ReadonlySet<string> = new Set(
  `context input console eval
  AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date
  DisposableStack Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array Function Infinity Int16Array
  Int32Array Int8Array Intl Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set
  SharedArrayBuffer String SuppressedError Symbol SyntaxError Temporal TypeError URIError Uint16Array Uint32Array Uint8Array
  Uint8ClampedArray WeakMap WeakRef WeakSet WebAssembly
  clearInterval clearTimeout decodeURI decodeURIComponent encodeURI encodeURIComponent escape globalThis isFinite isNaN parseFloat
  parseInt queueMicrotask setInterval setTimeout structuredClone undefined unescape
  __proto__ __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__ constructor hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf
  arguments await break case catch class const continue debugger default delete do else enum export extends false finally for
  function if implements import in instanceof interface let new null package private protected public return static super switch
  this throw true try typeof var void while with yield`.split(/\s+/),
);

/** What a method must not be called: the first would make its namespace a promise. */
const NO_METHODS: ReadonlySet<string> = new Set(['then', '__proto__', 'constructor', 'prototype', 'toJSON']);

export const GLOBAL_NAME_RULE_TEXT =
  'must be an identifier of at most 64 ASCII characters, and nothing that every script has already';
export const METHOD_NAME_RULE_TEXT = `must be an identifier of at most 64 ASCII characters, and none of ${[...NO_METHODS].join(', ')}`;

/** Whether a realm can have a global of ours under this name. */
export function isFreeGlobalName(name: string): boolean {
  return IDENTIFIER.test(name) && !TAKEN.has(name);
}

export function isMethodName(name: string): boolean {
  return IDENTIFIER.test(name) && !NO_METHODS.has(name);
}

/** What a script may do to the intrinsics before the code around it runs again. */
export const tampering: Record<string, string> = {
  'Promise.prototype.then that throws': 'Promise.prototype.then = () => { throw new Error("evil"); };',
  'Promise.prototype.then that never calls back': 'Promise.prototype.then = () => {};',
  'Promise.prototype.catch and finally': 'Promise.prototype.catch = Promise.prototype.finally = () => { throw 1; };',
  'a getter for Promise.prototype.constructor':
    'Object.defineProperty(Promise.prototype, "constructor", { get() { return Promise; } });',
  'Promise.resolve and reject': 'Promise.resolve = Promise.reject = () => { throw 1; };',
  'no Promise at all': 'delete globalThis.Promise;',
  'JSON.stringify and parse': 'JSON.stringify = JSON.parse = () => "evil";',
  'no JSON at all': 'delete globalThis.JSON;',
  'the iterator of arrays': 'Array.prototype[Symbol.iterator] = () => { throw 1; };',
  'methods of arrays':
    'for (const k of ["push", "map", "join", "slice", "forEach"]) Array.prototype[k] = () => { throw 1; };',
  'methods of strings':
    'for (const k of ["slice", "split", "includes", "replace"]) String.prototype[k] = () => "evil";',
  'Function.prototype.call, apply and bind':
    'for (const k of ["call", "apply", "bind"]) Function.prototype[k] = () => { throw 1; };',
  'no Reflect and no Object': 'delete globalThis.Reflect; Object.freeze = Object.keys = null; Object = null;',
  'Symbol.hasInstance':
    'for (const C of [Object, Error, Promise, Array]) Object.defineProperty(C, Symbol.hasInstance, { value() { throw 1; } });',
  String: 'String = () => "evil";',
  'Error.isError': 'Error.isError = () => { throw 1; };',
  'Date.now': 'Date.now = () => { throw 1; }; Date = null;',
  'Error.stackTraceLimit': 'Error.stackTraceLimit = Infinity;',
  'Error.captureStackTrace': 'Error.captureStackTrace = () => { throw 1; };',
  'a getter for Object.prototype.then':
    'Object.defineProperty(Object.prototype, "then", { get() { return undefined; }, set() { throw 1; } });',
  'Symbol.toPrimitive, toString and valueOf':
    'for (const k of [Symbol.toPrimitive, "toString", "valueOf"]) Object.prototype[k] = () => { throw 1; };',
  'indexes of arrays':
    'for (const k of [0, 1, 2]) Object.defineProperty(Array.prototype, k, { get() { return "evil"; }, set() { throw 1; } });',
};

/** A property of Object.prototype that takes every write and shows up in every read. */
const inherited = (name: string): string =>
  `Object.defineProperty(Object.prototype, ${JSON.stringify(name)}, {
     __proto__: null, configurable: true, get() { return "evil"; }, set() { throw new Error("evil"); } });`;
for (const name of [
  'name',
  'message',
  'stack',
  'value',
  'get',
  'set',
  'writable',
  '0',
  'length',
  'level',
  'next',
  'id',
  // What isolated-vm's handles have, and reads from options.
  'reference',
  'copy',
  'externalCopy',
  'promise',
  'timeout',
  'release',
  'runSync',
  'deref',
  'arguments',
  'result',
  // What calls of host APIs are made of, and their answers.
  'code',
  'details',
  'body',
  'text',
  'json',
  'kind',
  'cost',
  'toJSON',
  'isApiError',
  'enumerable',
  'configurable',
]) {
  tampering[`an Object.prototype.${name}`] = inherited(name).replaceAll(/\s+/g, ' ');
}

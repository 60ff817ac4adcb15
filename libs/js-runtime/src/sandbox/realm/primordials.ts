/*
 * Everything under realm/ runs inside the tenant's realm, beside hostile code. The functions are sent there as text
 * (see realm-source.ts), so they may use each other by name, but nothing else from a module.
 *
 * Rules for code that can run after the tenant's did: no methods looked up on objects (`text.slice()`), no iteration
 * protocol (`for…of`, spread, array destructuring), no writes that could meet an inherited setter: objects that are
 * written to or passed as options have a null prototype.
 */

/** The intrinsics that the bridge uses, captured before any tenant code can replace them. */
export interface Primordials {
  readonly apply: typeof Reflect.apply;
  readonly assign: typeof Object.assign;
  readonly dateNow: typeof Date.now;
  readonly defineProperty: typeof Reflect.defineProperty;
  readonly freeze: typeof Object.freeze;
  readonly isError: (value: unknown) => boolean;
  readonly ownKeys: typeof Reflect.ownKeys;
  readonly parse: typeof JSON.parse;
  readonly random: typeof Math.random;
  readonly stringify: (value: unknown) => string | undefined;
  readonly stringIndexOf: typeof String.prototype.indexOf;
  readonly stringSlice: typeof String.prototype.slice;
  readonly toNumber: (value: unknown) => number;
  readonly toText: (value: unknown) => string;
  readonly weakSetAdd: (value: object) => unknown;
  readonly weakSetHas: (value: object) => boolean;
  readonly Error: ErrorConstructor;
  readonly Promise: PromiseConstructor;
  readonly TypeError: TypeErrorConstructor;
  readonly WeakSet: WeakSetConstructor;
}

export function capturePrimordials(): Primordials {
  return Object.freeze({
    __proto__: null,
    apply: Reflect.apply,
    assign: Object.assign,
    dateNow: Date.now,
    defineProperty: Reflect.defineProperty,
    freeze: Object.freeze,
    isError: (Error as unknown as { isError(value: unknown): boolean }).isError,
    ownKeys: Reflect.ownKeys,
    parse: JSON.parse,
    random: Math.random,
    stringify: JSON.stringify,
    stringIndexOf: String.prototype.indexOf,
    stringSlice: String.prototype.slice,
    toNumber: Number,
    toText: String,
    weakSetAdd: WeakSet.prototype.add,
    weakSetHas: WeakSet.prototype.has,
    Error,
    Promise,
    TypeError,
    WeakSet,
  });
}

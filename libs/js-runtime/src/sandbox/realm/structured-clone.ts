import type { Primordials } from './primordials.ts';

/**
 * Defines `structuredClone` for what scripts pass around: JSON-like data, Date, Map, Set, Error, ArrayBuffer and typed
 * arrays, with cycles and shared references kept. Functions, symbols and objects of other classes are refused with a
 * `DataCloneError`, as the standard says.
 * https://html.spec.whatwg.org/multipage/structured-data.html#structuredserializeinternal
 *
 * It only ever touches values of the script that called it, so it may use methods that this script can replace.
 */
export function installStructuredClone(use: Primordials): void {
  const refuse = (what: string): never => {
    const error = new use.Error(`${what} could not be cloned`);
    use.defineProperty(error, 'name', { __proto__: null, value: 'DataCloneError' } as PropertyDescriptor);
    throw error;
  };
  const errorTypeOf = (name: string): ErrorConstructor => {
    const types: Record<string, ErrorConstructor | undefined> = {
      __proto__: null as never,
      EvalError,
      RangeError,
      ReferenceError,
      SyntaxError,
      TypeError,
      URIError,
    };
    return types[name] ?? use.Error;
  };
  const clone = (value: unknown, seen: Map<object, unknown>): unknown => {
    if (typeof value === 'function' || typeof value === 'symbol') return refuse(`A ${typeof value}`);
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return seen.get(value);
    const keep = <T extends object>(copy: T): T => {
      seen.set(value, copy);
      return copy;
    };
    if (Array.isArray(value)) return copyEntries(value, keep(new Array(value.length) as object), seen);
    if (value instanceof Date) return keep(new Date(value.getTime()));
    if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags));
    if (value instanceof ArrayBuffer) return keep(value.slice(0));
    if (ArrayBuffer.isView(value)) {
      const buffer = clone(value.buffer, seen) as ArrayBuffer;
      if (value instanceof DataView) return keep(new DataView(buffer, value.byteOffset, value.byteLength));
      const typed = value as Uint8Array;
      return keep(new (typed.constructor as Uint8ArrayConstructor)(buffer, typed.byteOffset, typed.length));
    }
    if (value instanceof Map) {
      const copy = keep(new Map());
      for (const [key, item] of value) copy.set(clone(key, seen), clone(item, seen));
      return copy;
    }
    if (value instanceof Set) {
      const copy = keep(new Set());
      for (const item of value) copy.add(clone(item, seen));
      return copy;
    }
    if (use.isError(value)) {
      const { name, message, stack } = value as Error;
      const copy = keep(new (errorTypeOf(name))(message));
      Object.defineProperty(copy, 'stack', { value: stack, writable: true, configurable: true });
      if (Object.hasOwn(value, 'cause')) {
        const cause = clone((value as Error).cause, seen);
        Object.defineProperty(copy, 'cause', { value: cause, writable: true, configurable: true });
      }
      return copy;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && prototype !== Object.prototype) return refuse('An object of a class');
    return copyEntries(value, keep({}), seen);
  };
  const copyEntries = (from: object, to: object, seen: Map<object, unknown>): object => {
    for (const key of Object.keys(from)) {
      const value = clone((from as Record<string, unknown>)[key], seen);
      Object.defineProperty(to, key, { value, writable: true, enumerable: true, configurable: true });
    }
    return to;
  };
  use.defineProperty(globalThis, 'structuredClone', {
    value: (value: unknown): unknown => clone(value, new Map()),
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

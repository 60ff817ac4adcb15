import type { AnyFunction } from '../counting/replace-function.ts';

/**
 * Stands in for isolated-vm, whose objects and prototypes cannot be changed: every object that it gives is given as a proxy, and
 * every call of a method, and every `new`, is told by its name, as in `Reference.applySync`. Nothing else is known of what it has.
 */
export function countAddon<T extends object>(addon: T, onCall: (name: string) => void): T {
  const membrane = new Membrane(addon, onCall);
  return membrane.addon as T;
}

class Membrane {
  readonly addon: object;
  readonly #onCall: (name: string) => void;
  readonly #proxies = new WeakMap<object, object>();
  readonly #originals = new WeakMap<object, object>();
  readonly #functions = new WeakMap<AnyFunction, AnyFunction>();

  constructor(addon: object, onCall: (name: string) => void) {
    this.#onCall = onCall;
    // Its classes are properties of its prototype, which cannot be changed either.
    const classes: Record<string, PropertyDescriptor> = {};
    for (const holder of [addon, Object.getPrototypeOf(addon) as object]) {
      for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
        if (name === 'constructor' || typeof value !== 'function') continue;
        classes[name] = { value: this.#classOf(name, value as AnyFunction), enumerable: true };
      }
    }
    this.addon = Object.create(addon, classes) as object;
  }

  #classOf(name: string, original: AnyFunction): object {
    return new Proxy(original, {
      construct: (target, args) => {
        this.#onCall(`new ${name}`);
        return this.#wrap(Reflect.construct(target, this.#unwrapAll(args)) as object) as object;
      },
    });
  }

  /** Objects of the addon as proxies; everything else as it is. */
  #wrap(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Promise) return value.then((result) => this.#wrap(result));
    const known = this.#proxies.get(value);
    if (known) return known;
    const name = classOutsideOfLanguage(value);
    if (name === undefined) return value;
    const proxy = new Proxy(value, { get: (target, key) => this.#member(name, target, key) });
    this.#proxies.set(value, proxy);
    this.#originals.set(proxy, value);
    return proxy;
  }

  #member(className: string, target: object, key: string | symbol): unknown {
    const value: unknown = Reflect.get(target, key, target);
    // What is the object's own and fixed, a proxy has to give as it is.
    if (Object.hasOwn(target, key)) return value;
    return typeof value === 'function'
      ? this.#method(`${className}.${String(key)}`, value as AnyFunction)
      : this.#wrap(value);
  }

  #method(name: string, original: AnyFunction): AnyFunction {
    const known = this.#functions.get(original);
    if (known) return known;
    const onCall = this.#onCall;
    const [unwrap, unwrapAll, wrap] = [this.#unwrap.bind(this), this.#unwrapAll.bind(this), this.#wrap.bind(this)];
    const method: AnyFunction = function (...args) {
      onCall(name);
      return wrap(Reflect.apply(original, unwrap(this), unwrapAll(args)));
    };
    this.#functions.set(original, method);
    return method;
  }

  #unwrapAll(values: readonly unknown[]): unknown[] {
    return values.map((value) => this.#unwrap(value));
  }

  /** Proxies may be anywhere in arguments and options, and in what a callback gives. */
  #unwrap(value: unknown): unknown {
    if (typeof value === 'function') {
      return (...args: readonly unknown[]) =>
        this.#unwrap(
          Reflect.apply(
            value,
            undefined,
            args.map((arg) => this.#wrap(arg)),
          ),
        );
    }
    if (typeof value !== 'object' || value === null) return value;
    const original = this.#originals.get(value);
    if (original) return original;
    if (value instanceof Promise) return value.then((result) => this.#unwrap(result));
    if (Array.isArray(value)) return this.#unwrapAll(value);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, this.#unwrap(part)]));
  }
}

/** The name of the class of an object that only the addon can have made: it does not show all of its classes. */
function classOutsideOfLanguage(value: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  const constructor: unknown = (prototype as { readonly constructor?: unknown } | null)?.constructor;
  if (typeof constructor !== 'function') return undefined;
  return Reflect.get(globalThis, constructor.name) === constructor ? undefined : constructor.name;
}

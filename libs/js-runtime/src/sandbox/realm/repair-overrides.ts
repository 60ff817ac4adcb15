/** Newer than the types that this is compiled with. */
declare const Iterator: { readonly prototype: object };
declare const SuppressedError: ErrorConstructor;

/**
 * The override mistake: what inherits a property that is not writable cannot be assigned one of that name, so once
 * `Object.prototype` is frozen, `object.toString = …` fails for every object. A property with a setter can be; so the
 * properties that programs do assign to are made such, of the prototypes that programs do inherit from.
 * https://github.com/endojs/endo/blob/master/packages/ses/docs/lockdown.md#enabling-property-overrides
 *
 * The functions that it makes are frozen; the rest is left to who calls.
 *
 * Left out is what V8 asks for on its fast paths: with a getter there, all arrays, promises or typed arrays take the slow ones.
 */
export function repairOverrides(): void {
  // What inherits nothing has no setter: a property that is set on it for something else becomes that one's own.
  const nothing = Object.freeze({ __proto__: null });
  const repair = (holder: object, key: PropertyKey): void => {
    const descriptor = Reflect.getOwnPropertyDescriptor(holder, key) as PropertyDescriptor;
    if (descriptor.writable !== true) return;
    const value: unknown = descriptor.value;
    const accessor = {
      get: () => value,
      set(this: object, assigned: unknown): void {
        if (!Reflect.set(nothing, key, assigned, this)) {
          throw new TypeError(`Cannot assign to read only property '${String(key)}'`);
        }
      },
    };
    Reflect.defineProperty(holder, key, { get: Object.freeze(accessor.get), set: Object.freeze(accessor.set) });
  };
  const repairAll = (holder: object, except: readonly PropertyKey[] = []): void => {
    for (const key of Reflect.ownKeys(holder)) if (!except.includes(key)) repair(holder, key);
  };

  const errors = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];
  for (const { prototype } of [...errors, AggregateError, SuppressedError]) repairAll(prototype);
  for (const { prototype } of [Object, Function, Date]) repairAll(prototype);
  for (const { prototype } of [Iterator, Map, Set]) repairAll(prototype, [Symbol.iterator]);
  repairAll(Array.prototype, ['constructor', Symbol.iterator]);
  repairAll(Promise.prototype, ['constructor', 'then']);
  // Classes of bytes are often made of functions, whose own `from` is assigned as well.
  const TypedArray = Reflect.getPrototypeOf(Uint8Array) as { readonly prototype: object };
  repairAll(TypedArray.prototype, ['constructor', Symbol.iterator]);
  repairAll(TypedArray);
}

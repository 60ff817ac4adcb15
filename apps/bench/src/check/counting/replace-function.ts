export type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

/** Puts another function in the place of one that an object or a built-in module has. It has the properties of the first, `promisify.custom` for one. */
export function replaceFunction(owner: object, name: string, replace: (original: AnyFunction) => AnyFunction): void {
  const holder = owner as Record<string, unknown>;
  const original = holder[name] as AnyFunction;
  const replacement = replace(original);
  for (const key of Reflect.ownKeys(original)) {
    const descriptor = Object.getOwnPropertyDescriptor(original, key);
    if (descriptor && key !== 'length' && key !== 'prototype') Object.defineProperty(replacement, key, descriptor);
  }
  holder[name] = replacement;
}

/** As `replaceFunction`: the function does what it did, and is counted. */
export function countCalls(owner: object, name: string, onCall: () => void): void {
  replaceFunction(
    owner,
    name,
    (original) =>
      function (...args) {
        onCall();
        return Reflect.apply(original, this, args);
      },
  );
}

/** Tells when a class is made an instance of. The stand-in passes for the class everywhere. */
export function countInstances(owner: object, name: string, onInstance: () => void): void {
  const holder = owner as Record<string, unknown>;
  const original = holder[name] as new () => object;
  const value = new Proxy(original, {
    construct(target, args, newTarget) {
      onInstance();
      return Reflect.construct(target, args, newTarget) as object;
    },
  });
  Object.defineProperty(owner, name, { value, writable: true, configurable: true });
}

/**
 * Returns a function that tells whether nothing of the object has changed since. For an object with few properties, and without traps.
 * What private fields it was given is left out: nobody but the class that they are of can see them.
 */
export function watchObject(object: object): () => boolean {
  const { apply, getOwnPropertyDescriptor, getPrototypeOf, isExtensible, ownKeys } = Reflect;
  const prototype = getPrototypeOf(object);
  const keys = ownKeys(object);
  const descriptors = keys.map((key) => getOwnPropertyDescriptor(object, key) as PropertyDescriptor);

  // V8 keeps a stack with what one was captured for, also when the property is gone. It is only set where there is one.
  const stack = getOwnPropertyDescriptor(new Error(), 'stack');
  const hasStack = (): boolean => {
    if (!stack?.get || !stack.set) return false;
    apply(stack.set, object, ['']);
    return apply(stack.get, object, []) !== undefined;
  };

  const isSame = (a: PropertyDescriptor, b: PropertyDescriptor): boolean =>
    a.value === b.value &&
    a.get === b.get &&
    a.set === b.set &&
    a.writable === b.writable &&
    a.enumerable === b.enumerable &&
    a.configurable === b.configurable;

  return () => {
    if (!isExtensible(object) || getPrototypeOf(object) !== prototype) return false;
    const keysNow = ownKeys(object);
    if (keysNow.length !== keys.length) return false;
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] as PropertyKey;
      // Their order is something to remember by, too.
      if (keysNow[index] !== key) return false;
      const now = getOwnPropertyDescriptor(object, key) as PropertyDescriptor;
      if (!isSame(now, descriptors[index] as PropertyDescriptor)) return false;
    }
    return !hasStack();
  };
}

/** All objects that code can get to from these: by properties, getters and setters, and prototypes. */
export function reachableObjects(roots: readonly unknown[]): ReadonlySet<object> {
  const reachable = new Set<object>();
  const waiting: object[] = [];
  const visit = (value: unknown): void => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || reachable.has(value)) return;
    reachable.add(value);
    waiting.push(value);
  };
  roots.forEach(visit);
  for (let object = waiting.pop(); object; object = waiting.pop()) {
    visit(Reflect.getPrototypeOf(object));
    for (const key of Reflect.ownKeys(object)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(object, key) as PropertyDescriptor;
      visit(descriptor.value);
      visit(descriptor.get);
      visit(descriptor.set);
    }
  }
  return reachable;
}

import type { Primordials } from './primordials.ts';

/** Freezes a tree of JSON values. Iterative: hostile JSON may be nested deeper than the stack. */
export function deepFreeze<T>(use: Primordials, root: T): T {
  if (typeof root !== 'object' || root === null) return root;
  const stack: Record<number, object> = { __proto__: null } as never;
  stack[0] = root;
  let size = 1;
  while (size > 0) {
    const node = stack[--size] as Record<PropertyKey, unknown>;
    use.freeze(node);
    const keys = use.ownKeys(node);
    for (let index = 0; index < keys.length; index++) {
      const child = node[keys[index] as PropertyKey];
      if (typeof child === 'object' && child !== null) stack[size++] = child;
    }
  }
  return root;
}

import type { Primordials } from './primordials.ts';

/**
 * Flattens whatever was thrown to JSON text of `{ name, message, stack, code?, isApiError? }`, so that no tenant value has to
 * cross. Reading it may run tenant code (getters, Proxy traps), so it happens inside the timed run.
 */
export function describeThrown(use: Primordials, thrown: unknown, isApiError?: boolean): string {
  const maxCodeChars = 128;
  const maxMessageChars = 8192;
  const maxStackChars = 16_384;
  const cut = (text: string, max: number): string =>
    text.length > max ? use.apply(use.stringSlice, text, [0, max]) : text;

  let name = 'NonError';
  let message: string;
  let stack = '';
  let code: string | undefined;
  if (typeof thrown === 'object' && thrown !== null) {
    const read = (key: 'code' | 'name' | 'message' | 'stack'): string | undefined => {
      try {
        const value = (thrown as Record<string, unknown>)[key];
        return typeof value === 'string' ? value : undefined;
      } catch {
        return undefined;
      }
    };
    const ownMessage = read('message');
    name = read('name') ?? (ownMessage === undefined ? name : 'Error');
    message = ownMessage ?? describeWithoutMessage(use, thrown);
    stack = read('stack') ?? '';
    code = read('code');
  } else {
    message = typeof thrown === 'function' ? 'a function was thrown' : use.toText(thrown);
  }
  const flat = {
    __proto__: null,
    name: cut(name, 256),
    message: cut(message, maxMessageChars),
    stack: cut(stack, maxStackChars),
    code: code === undefined ? undefined : cut(code, maxCodeChars),
    isApiError,
  };
  return use.stringify(flat) ?? '';
}

export function describeWithoutMessage(use: Primordials, thrown: object): string {
  try {
    const text = use.stringify(thrown);
    if (text !== undefined) return text;
  } catch {
    // A cycle, a BigInt, a getter or toJSON that throws: there is no text to show.
  }
  return 'an object without a message was thrown';
}

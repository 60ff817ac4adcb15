import type { Side } from './json-schema-of.ts';

/** Where the types are that methods of a namespace need; not its own name, which may be `JsRuntime` as well. */
export function typesNamespaceOf(namespace: string): string {
  return `JsRuntime.${namespace}Types`;
}

/**
 * Name of the type for a definition in a method's schema, without its namespace. What a schema takes may differ from what it
 * gives, and methods may use one id for different things.
 */
export function typeName(method: string, definition: string, side: Side): string {
  const identifier = definition.replace(/\W/g, (char) => `_u${char.charCodeAt(0).toString(16)}`);
  return `${method}$${identifier}$${side}`;
}

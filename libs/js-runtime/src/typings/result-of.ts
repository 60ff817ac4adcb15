import { z } from 'zod';
import type { ApiMethod } from '../host-api/api-method.ts';
import { jsonSchemaOf, type JsonSchema } from './json-schema-of.ts';
import { TypePrinter, type TypeNames } from './type-printer.ts';

/** What a method gives, in TypeScript, as its schema says. */
export function resultOf({ output, body }: Pick<ApiMethod, 'output' | 'body'>, names: TypeNames): string {
  // In a tuple, it can be told whether it may be undefined.
  const root = output && jsonSchemaOf(z.tuple([output]), 'output');
  const [schema = true] = root?.prefixItems ?? [];
  const printer = new TypePrinter(root ?? {}, 'output', names);
  if (body) return `${printer.print(withoutBody(printer, schema))} & JsRuntime.Body`;
  const type = printer.print(schema);
  return type !== 'any' && root?.minItems === undefined ? `${type} | undefined` : type;
}

/** A result whose `body` has made room for functions. */
function withoutBody(printer: TypePrinter, given: JsonSchema | boolean): JsonSchema {
  const schema = printer.resolve(given);
  if (typeof schema !== 'object' || !schema.properties) return { type: 'object', additionalProperties: true };
  const others = Object.entries(schema.properties).filter(([name]) => name !== 'body');
  return { ...schema, properties: Object.fromEntries(others) };
}

import { z } from 'zod';
import type { ApiInput } from '../host-api/api-method.ts';
import { parameterNames } from './identifiers.ts';
import { jsonSchemaOf, type JsonSchema } from './json-schema-of.ts';
import { bracketed, TypePrinter, type TypeNames } from './type-printer.ts';

export interface PrintedParameters {
  /** As they are written between the brackets. */
  readonly text: string;
  /** Tags of a comment, for those that are described. */
  readonly comments: readonly string[];
}

/** Parameters of a function in TypeScript, as what it takes says. */
export function parametersOf(input: ApiInput, names: TypeNames): PrintedParameters {
  if (input.kind === 'none') return { text: '', comments: [] };
  if (input.kind === 'any') return { text: 'arg0?: any', comments: [] };
  // In a tuple, it can be told whether an argument may be left out.
  const root = jsonSchemaOf(input.kind === 'tuple' ? input.schema : z.tuple([input.schema]), 'input');
  if (!root?.prefixItems) return { text: '...args: any[]', comments: [] };
  const { prefixItems, items: rest, minItems = 0 } = root;
  const schemas = typeof rest === 'object' && !Array.isArray(rest) ? [...prefixItems, rest] : prefixItems;
  const printer = new TypePrinter(root, 'input', names);
  const descriptions = schemas.map((schema) => describe(printer, schema));
  const parameters = parameterNames(descriptions.map(({ title }) => title));
  const texts = schemas.map((schema, index) => {
    const type = printer.print(schema);
    if (index === prefixItems.length) return `...${parameters[index]}: ${bracketed(type)}[]`;
    return `${parameters[index]}${index < minItems ? '' : '?'}: ${type}`;
  });
  const comments = descriptions.flatMap(({ description }, index) =>
    description === undefined ? [] : [`@param ${parameters[index]} ${description}`],
  );
  return { text: texts.join(', '), comments };
}

/** Its own title and description, or those of the definition that it refers to. */
function describe(printer: TypePrinter, schema: JsonSchema | boolean): Pick<JsonSchema, 'title' | 'description'> {
  const resolved = printer.resolve(schema);
  return { ...(typeof resolved === 'object' && resolved), ...(typeof schema === 'object' && schema) };
}

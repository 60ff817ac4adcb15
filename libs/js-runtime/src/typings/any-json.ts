import { z } from 'zod';

/** What zod writes for `z.json()`, where it is a definition. */
const { $defs: { __schema0: anyJson } = {} } = z.toJSONSchema(z.tuple([z.json()]));
const REFERENCE = '"#/$defs/__schema0"';
const ANY_JSON = JSON.stringify(anyJson);

/** Whether a definition, which refers to itself so, is `z.json()`. */
export function isAnyJson(definition: unknown, reference: string): boolean {
  const text = JSON.stringify(definition);
  // Most definitions are longer, or shorter, and need not be rewritten.
  return text.length < 2 * ANY_JSON.length && text.replaceAll(JSON.stringify(reference), REFERENCE) === ANY_JSON;
}

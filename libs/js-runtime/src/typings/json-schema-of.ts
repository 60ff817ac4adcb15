import { z } from 'zod';

/** A schema as JSON Schema 2020-12, as zod writes it. */
export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** `input`: what a schema takes; `output`: what it gives. */
export type Side = 'input' | 'output';

/** A keyword of ours, for what JSON has no word for. */
export const NOTHING_KEYWORD = 'x-nothing';

/** Undefined for a schema that zod cannot show. A part that JSON Schema has no words for (a transform, a class) is `{}`: anything. */
export function jsonSchemaOf(schema: z.ZodType, side: Side): JsonSchema | undefined {
  try {
    return z.toJSONSchema(schema, {
      io: side,
      unrepresentable: 'any',
      override({ zodSchema, jsonSchema }) {
        const { type } = zodSchema._zod.def;
        jsonSchema[NOTHING_KEYWORD] = type === 'void' || type === 'undefined' ? type : undefined;
        // As JSON, a date is a string. What is taken for one is for the schema to say.
        if (type === 'date' && side === 'output') jsonSchema.type = 'string';
      },
    });
  } catch {
    // Two schemas with the same id, a `lazy` that throws, metadata that is no JSON.
    return undefined;
  }
}

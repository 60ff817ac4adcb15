import { z } from 'zod';
import { MAX_KEY_BYTES, MAX_LISTED_KEYS, MAX_TTL_MS } from './kv-quota.ts';

const keyText = z
  .string()
  .refine((text) => Buffer.byteLength(text) <= MAX_KEY_BYTES, `must have at most ${MAX_KEY_BYTES} bytes of UTF-8`);
const key = keyText.min(1).meta({ title: 'key' });
/** As it is: schemas of JSON leave out members that are called `__proto__`. */
const value = z.unknown().meta({ title: 'value', description: 'Any JSON' });
const setOptions = z.strictObject({
  ttlMs: z
    .int()
    .min(1)
    .max(MAX_TTL_MS)
    .optional()
    .describe('How long the value is kept, in milliseconds; for good if left out'),
});
const listOptions = z.strictObject({
  prefix: keyText.optional().describe('Only keys that begin with it'),
  limit: z
    .int()
    .min(1)
    .max(MAX_LISTED_KEYS)
    .optional()
    .describe(`How many keys at most; ${MAX_LISTED_KEYS} if left out`),
  cursor: keyText.optional().describe('That of the page before'),
});

export const getArguments = z.tuple([key]);
export const setArguments = z.tuple([key, value, setOptions.optional().meta({ title: 'options' })]);
export const deleteArguments = z.tuple([key]);
export const listArguments = z.tuple([z.union([keyText, listOptions]).optional().meta({ title: 'prefixOrOptions' })]);

export const keyPage = z.object({
  keys: z.array(z.string()).readonly(),
  cursor: z.string().optional().describe('There when there are more keys'),
});

export type GetArguments = z.infer<typeof getArguments>;
export type SetArguments = z.infer<typeof setArguments>;
export type DeleteArguments = z.infer<typeof deleteArguments>;
export type ListArguments = z.infer<typeof listArguments>;

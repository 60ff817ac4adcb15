import type { CompiledScript } from 'nestjs-js-runtime';
import { z } from 'zod';
import { language as languageSchema } from '../requests/script-fields.ts';

export const validationResponse = z.object({
  id: z.string().describe('The same for the same name, wrap, language and source, until the backend is updated'),
  name: z.string(),
  wrap: z.enum(['script', 'function', 'module']),
  language: languageSchema,
  sourceHash: z.string().describe('SHA-256 of the source, in hexadecimal'),
  sourceBytes: z.int().describe('Size of the source in UTF-8'),
});

export type ValidationResponse = z.infer<typeof validationResponse>;

/** Without what is nobody's to see, or known to the caller. */
export function toValidationResponse(script: CompiledScript): ValidationResponse {
  const { id, name, wrap, language, sourceHash, sourceBytes } = script;
  return { id, name, wrap, language, sourceHash, sourceBytes };
}

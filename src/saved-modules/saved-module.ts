import { z } from 'zod';
import { language, scriptFields } from '../requests/script-fields.ts';

/** The body of `PUT /v1/modules/:name`. */
export const moduleRequest = z.strictObject({
  source: scriptFields.script,
  language: language
    .optional()
    .describe('`typescript` for names that end in `.ts` or `.mts`, else `javascript`, if left out'),
});

export const moduleDescription = z.object({
  name: z.string().describe('`tax.js` is imported as `./tax.js`'),
  language,
  sourceHash: z.string().describe('SHA-256 of the source, in hexadecimal'),
  sourceBytes: z.int().describe('Size of the source in UTF-8'),
  updatedAt: z.iso.datetime(),
});

export const savedModule = moduleDescription.extend({ source: z.string() });

export const moduleList = z.object({ modules: z.array(moduleDescription).describe('By name') });

export type ModuleRequest = z.infer<typeof moduleRequest>;
export type ModuleDescription = Readonly<z.infer<typeof moduleDescription>>;
export type SavedModule = Readonly<z.infer<typeof savedModule>>;
export type ModuleList = z.infer<typeof moduleList>;

export function describe({ name, language, sourceHash, sourceBytes, updatedAt }: SavedModule): ModuleDescription {
  return { name, language, sourceHash, sourceBytes, updatedAt };
}

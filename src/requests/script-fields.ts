import { z } from 'zod';

export const language = z
  .enum(['javascript', 'typescript'])
  .describe('Types are taken out of `typescript`, nothing else is changed');

/** What the routes that take a source have in common. Sizes and names are checked by the runtime, against the tenant's limits. */
export const scriptFields = {
  script: z.string().describe('The source'),
  name: z.string().optional().describe('File name that stack traces show; `script.js` if left out'),
  wrap: z
    .enum(['script', 'function', 'module'])
    .optional()
    .describe(
      '`script`: the completion value is the result; `function`: the source is the body of an async function; `module`: the default export is the result, or is called with `(input, context)`',
    ),
  language: language.optional(),
  limits: z
    .strictObject({
      timeoutMs: z.int().positive().optional().describe('Wall time, waiting for a VM included'),
      maxCpuMs: z.int().positive().optional().describe('CPU time, waiting not included'),
      maxMemoryMb: z.int().min(8).optional().describe('Memory'),
      maxApiCalls: z.int().nonnegative().optional().describe('Calls of host APIs'),
    })
    .optional()
    .describe('Can only be tighter than what is configured'),
};

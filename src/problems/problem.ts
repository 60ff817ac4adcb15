import { z } from 'zod';
import { usage } from './usage.ts';

/** RFC 9457 problem details, with the members this API adds. https://www.rfc-editor.org/rfc/rfc9457 */
export const problem = z.object({
  type: z.string().describe('`about:blank`: the code says it all'),
  title: z.string(),
  status: z.int(),
  code: z.string().describe('Stable; tell errors apart by it'),
  detail: z.string(),
  retryable: z.boolean().describe('Whether the same request may succeed later'),
  retryAfterMs: z
    .number()
    .optional()
    .describe('In how many milliseconds, as measured, where known; `Retry-After` has it in whole seconds, at least 1'),
  executionId: z.string().optional(),
  limit: z.object({ name: z.string(), allowed: z.number(), used: z.number().optional() }).optional(),
  issues: z.array(z.string()).optional().describe('What is wrong with the request, a line each'),
  error: z
    .object({
      name: z.string(),
      message: z.string(),
      stack: z.string(),
      file: z.string().optional().describe('Name of the script or module that the position is in'),
      line: z.int().optional(),
      column: z.int().optional(),
      codeFrame: z
        .string()
        .optional()
        .describe('The lines around the position, with a mark at it; when it does not compile'),
    })
    .optional()
    .describe("The script's own error, or why it does not compile"),
  stack: z.string().optional().describe('Where the script was when it was stopped'),
  logs: z.array(z.object({ level: z.string(), message: z.string() })).optional(),
  usage: usage.optional(),
});

export type Problem = z.infer<typeof problem>;

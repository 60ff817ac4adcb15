import { EXECUTION_ID_RULE, EXECUTION_ID_RULE_TEXT } from 'nestjs-js-runtime';
import { z } from 'zod';

/** The body of `POST /v1/executions`. Sizes are checked by the runtime, against the tenant's limits. */
export const executionRequest = z.strictObject({
  script: z.string().describe('The source'),
  name: z.string().optional().describe('File name that stack traces show'),
  input: z.unknown().optional().describe('Any JSON value; the script sees it as the frozen global `input`'),
  wrap: z
    .enum(['script', 'function'])
    .optional()
    .describe('`script`: the completion value is the result; `function`: the source is the body of an async function'),
  limits: z
    .strictObject({
      timeoutMs: z.int().positive().optional().describe('Wall time, waiting for a VM included'),
      maxCpuMs: z.int().positive().optional().describe('CPU time, waiting not included'),
      maxMemoryMb: z.int().min(8).optional().describe('Memory'),
      maxApiCalls: z.int().nonnegative().optional().describe('Calls of host APIs'),
    })
    .optional()
    .describe('Can only be tighter than what is configured'),
  executionId: z
    .string()
    .regex(EXECUTION_ID_RULE, EXECUTION_ID_RULE_TEXT)
    .optional()
    .describe(
      'Under which the execution can be cancelled before it has answered; none that has not ended may have the same. A random UUID if left out',
    ),
});

export type ExecutionRequest = z.infer<typeof executionRequest>;

import { EXECUTION_ID_RULE, EXECUTION_ID_RULE_TEXT } from 'nestjs-js-runtime';
import { z } from 'zod';
import { scriptFields } from '../requests/script-fields.ts';

/** The body of `POST /v1/executions`. */
export const executionRequest = z.strictObject({
  ...scriptFields,
  input: z.unknown().optional().describe('Any JSON value; the script sees it as the frozen global `input`'),
  realm: z
    .enum(['fresh', 'warm'])
    .optional()
    .describe(
      '`fresh`, the default: the script runs in a realm that nobody has used before. `warm`: in one that is kept for this script and called again; with `wrap` `function`, of which nothing stays, or `module`, whose own variables stay, and which has no `input` and no `context` while it is evaluated',
    ),
  executionId: z
    .string()
    .regex(EXECUTION_ID_RULE, EXECUTION_ID_RULE_TEXT)
    .optional()
    .describe(
      'Under which the execution can be cancelled before it has answered; none that has not ended may have the same. A random UUID if left out',
    ),
});

export type ExecutionRequest = z.infer<typeof executionRequest>;

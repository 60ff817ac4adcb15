import type { ExecutionResult } from 'nestjs-js-runtime';
import { z } from 'zod';
import { usage as usageSchema } from '../problems/usage.ts';

export const executionResponse = z.object({
  executionId: z.string(),
  result: z.unknown().optional().describe("The script's result; absent when it is undefined"),
  logs: z.array(z.object({ level: z.enum(['log', 'info', 'warn', 'error', 'debug']), message: z.string() })),
  usage: usageSchema,
  vmId: z.string(),
});

export type ExecutionResponse = z.infer<typeof executionResponse>;

export function toResponse({ executionId, value, logs, usage, vmId }: ExecutionResult): ExecutionResponse {
  return { executionId, result: value, logs: [...logs], usage, vmId };
}

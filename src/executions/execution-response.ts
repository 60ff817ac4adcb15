import type { ExecutionResult } from 'nestjs-js-runtime';
import { z } from 'zod';
import { usage } from '../problems/usage.ts';

export const executionResponse = z.object({
  executionId: z.string(),
  result: z.unknown().optional().describe("The script's result; absent when it is undefined"),
  logs: z.array(z.object({ level: z.enum(['log', 'info', 'warn', 'error', 'debug']), message: z.string() })),
  usage,
  vmId: z.string(),
});

export type ExecutionResponse = z.infer<typeof executionResponse>;

export function toResponse({ value, logs, ...rest }: ExecutionResult): ExecutionResponse {
  return { ...rest, result: value, logs: [...logs] };
}

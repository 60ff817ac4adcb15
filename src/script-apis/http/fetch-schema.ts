import { z } from 'zod';
import { HTTP_LIMITS } from './http-limits.ts';
import { HTTP_METHODS } from './http-message.ts';

const { maxTimeoutMs, defaultTimeoutMs } = HTTP_LIMITS;

export const fetchOptions = z.strictObject({
  method: z.enum(HTTP_METHODS).default('GET'),
  headers: z.record(z.string(), z.string()).default({}),
  body: z
    .string({ error: 'must be a string; JSON.stringify() makes one of an object' })
    .optional()
    .describe('Not with GET, HEAD and OPTIONS'),
  timeoutMs: z
    .int()
    .min(1)
    .max(maxTimeoutMs)
    .default(defaultTimeoutMs)
    .describe('For the whole call, redirects included'),
});

export const fetchInput = z.tuple([
  z.string().meta({ title: 'url' }),
  fetchOptions.prefault({}).meta({ title: 'options' }),
]);

export const fetchOutput = z.object({
  status: z.int(),
  headers: z
    .record(z.string(), z.string())
    .describe('By name, in lower case. Several `set-cookie` are joined by line feeds, all others by `, `'),
  url: z.string().describe('Of the last request, after redirects'),
  redirected: z.boolean(),
  body: z.string(),
});

export type FetchOptions = z.output<typeof fetchOptions>;
export type FetchInput = z.output<typeof fetchInput>;

import { z } from 'zod';

/** What an execution used; part of its answer, whatever the outcome. */
export const usage = z.object({
  wallMs: z.number().describe('From the request to the answer'),
  queueMs: z.number().describe('Of that, waiting for a VM'),
  cpuMs: z.number().describe('CPU time, waiting not included'),
  peakMemoryBytes: z.number().describe('The most memory that was seen to be taken for the execution'),
  heapBytes: z.number().describe('On the heap at the end; 0 when nobody could tell'),
  apiCalls: z.int().describe('Calls of host APIs by their cost, refused ones included'),
  inputBytes: z.int().describe('Size of `input` as JSON'),
  resultBytes: z.int().describe('Size of the result as JSON'),
  logBytes: z.int().describe('Size of all log messages'),
  compile: z
    .enum(['hit', 'miss', 'none'])
    .describe('Whether compiled code was found; `none` when it did not come to that'),
});

import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { z } from 'zod';
import type { DocumentedProblems } from './documented-problems.ts';
import { problem } from './problem.ts';

const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds after which the same request may succeed', schema: { type: 'integer' } },
} as const;

/** Documents the problem responses of a route: one per status, with the codes it can have. */
export function ApiProblemResponses(documented: DocumentedProblems): MethodDecorator {
  const codes = Object.entries(documented);
  const statuses = [...new Set(codes.map(([, { status }]) => status))].sort((a, b) => a - b);
  const schema = z.toJSONSchema(problem, { target: 'openapi-3.0' }) as object;
  return applyDecorators(
    ...statuses.map((status) => {
      const ofStatus = codes.filter(([, info]) => info.status === status);
      return ApiResponse({
        status,
        description: ofStatus.map(([code]) => code).join(', '),
        content: { 'application/problem+json': { schema } },
        ...(ofStatus.some(([, { retryable }]) => retryable) && { headers: RETRY_AFTER }),
      });
    }),
  );
}

import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { ERROR_CODES } from 'nestjs-js-runtime';
import { z } from 'zod';
import { problem } from './problem.ts';

/** Documents the problem responses of a route that runs scripts: one per status, with the codes it can have. */
export function ApiProblemResponses(): MethodDecorator {
  const codes = Object.entries(ERROR_CODES);
  const statuses = [...new Set(codes.map(([, { status }]) => status))].sort((a, b) => a - b);
  const schema = z.toJSONSchema(problem, { target: 'openapi-3.0' }) as object;
  return applyDecorators(
    ...statuses.map((status) =>
      ApiResponse({
        status,
        description: codes
          .filter(([, info]) => info.status === status)
          .map(([code]) => code)
          .join(', '),
        content: { 'application/problem+json': { schema } },
      }),
    ),
  );
}

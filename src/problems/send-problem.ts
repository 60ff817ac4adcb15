import type { FastifyReply } from 'fastify';
import type { Problem } from './problem.ts';

/** The least that `Retry-After` can say, short of "at once". */
const MIN_RETRY_AFTER_S = 1;

export type ProblemReply = Pick<FastifyReply, 'header' | 'status'>;

export function sendProblem(reply: ProblemReply, problem: Problem): void {
  const { status, retryable, retryAfterMs = 0 } = problem;
  if (status === 401) void reply.header('www-authenticate', 'Bearer');
  if (retryable) void reply.header('retry-after', Math.max(MIN_RETRY_AFTER_S, Math.ceil(retryAfterMs / 1000)));
  void reply.status(status).header('content-type', 'application/problem+json').send(JSON.stringify(problem));
}

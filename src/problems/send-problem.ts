import type { FastifyReply } from 'fastify';
import type { Problem } from './problem.ts';

const RETRY_AFTER_S = 1;

export type ProblemReply = Pick<FastifyReply, 'header' | 'status'>;

export function sendProblem(reply: ProblemReply, problem: Problem): void {
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
  if (problem.retryable) void reply.header('retry-after', RETRY_AFTER_S);
  void reply.status(problem.status).header('content-type', 'application/problem+json').send(JSON.stringify(problem));
}

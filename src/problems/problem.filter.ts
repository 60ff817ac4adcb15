import { Catch, Logger, ServiceUnavailableException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from './send-problem.ts';
import { toProblem } from './to-problem.ts';

/** Answers every error as `application/problem+json`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger(ProblemFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    // Terminus throws its report when a check fails; probes and people want to read that, not a problem.
    if (error instanceof ServiceUnavailableException) {
      void reply.status(error.getStatus()).send(error.getResponse());
      return;
    }
    const problem = toProblem(error);
    // Not what may succeed later: too much to do, or the end. It comes by the thousand, and the pool counts it.
    if (problem.status >= 500 && !problem.retryable) {
      const { id } = http.getRequest<FastifyRequest>();
      const { executionId } = problem;
      const stack = error instanceof Error ? error.stack : String(error);
      this.#logger.error(`Request ${id}: ${problem.code}`, { executionId }, stack);
    }
    sendProblem(reply, problem);
  }
}

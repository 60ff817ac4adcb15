import { Catch, Logger, ServiceUnavailableException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from './problem.ts';
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
    if (problem.status >= 500) this.#log(http.getRequest<FastifyRequest>().id, problem, error);
    sendProblem(reply, problem);
  }

  #log(requestId: string, { code, detail, retryable }: Problem, error: unknown): void {
    // Too much to do, or the end: it comes in numbers, and where it was thrown tells nobody anything.
    if (retryable) this.#logger.warn(`Request ${requestId}: ${code}: ${detail}`);
    else this.#logger.error(`Request ${requestId}: ${code}`, error instanceof Error ? error.stack : String(error));
  }
}

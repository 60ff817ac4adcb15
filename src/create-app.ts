import { randomUUID } from 'node:crypto';
import type { NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.ts';
import { setupDocs } from './docs/setup-docs.ts';
import { nestLogger } from './logging/nest-logger.ts';
import { parseJsonBody } from './validation/parse-json-body.ts';
import { sendProblem, type ProblemReply } from './problems/send-problem.ts';
import { toProblem } from './problems/to-problem.ts';

/** Room for a script and an input of the largest size that can be configured by default, escaped as JSON strings. */
const BODY_LIMIT_BYTES = 8 * 1024 * 1024;

/** How long a client may take to send its request. */
const REQUEST_TIMEOUT_MS = 30_000;

/** The backend, ready to listen. */
export async function createApp(options: NestApplicationOptions = {}): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    genReqId: () => randomUUID(),
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Longer than any executionId, so that one that is too long is simply not found; Fastify's own limit is shorter.
    routerOptions: { maxParamLength: 1024 },
    // Every response was sent by then (ConnectionDrain); what is left would only keep the process from ending.
    forceCloseConnections: true,
    // To the last, everybody is told by ourselves that the backend is stopping, as a problem.
    return503OnClosing: false,
    frameworkErrors: (error: Error, _request: unknown, reply: ProblemReply) => {
      sendProblem(reply, toProblem(error));
    },
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, adapter, {
    logger: nestLogger(),
    ...options,
  });
  app.useBodyParser('application/json', { bodyLimit: BODY_LIMIT_BYTES }, parseJsonBody);
  // Exit code 0 for an end in order: by default Nest has the signal end the process.
  app.enableShutdownHooks([], { useProcessExit: true });
  setupDocs(app);
  return app;
}

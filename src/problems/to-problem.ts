import { HttpException } from '@nestjs/common';
import { ERROR_CODES, JsRuntimeError } from 'nestjs-js-runtime';
import { BACKEND_PROBLEMS, ProblemError } from './problem-error.ts';
import type { Problem } from './problem.ts';

const TYPE = 'about:blank';

/** Any error as the client is told of it. What is nobody's business stays out: only the runtime's own errors and ours explain themselves. */
export function toProblem(error: unknown): Problem {
  if (error instanceof JsRuntimeError) return runtimeProblem(error);
  if (error instanceof ProblemError) return backendProblem(error);
  const status = statusOf(error);
  if (status !== undefined && status < 500) return requestProblem(status, (error as Error).message);
  return {
    type: TYPE,
    title: 'Internal error',
    status: 500,
    code: 'INTERNAL_ERROR',
    detail: 'Something went wrong on our side',
    retryable: false,
  };
}

function runtimeProblem(error: JsRuntimeError): Problem {
  const { code, message, retryable, executionId, details, logs, usage } = error;
  const { status, title } = ERROR_CODES[code];
  return {
    type: TYPE,
    title,
    status,
    code,
    detail: message,
    retryable,
    executionId,
    ...(details as object),
    ...(logs && { logs: [...logs] }),
    ...(usage && { usage: { ...usage } }),
  };
}

function backendProblem({ code, message, limit }: ProblemError): Problem {
  return { type: TYPE, ...BACKEND_PROBLEMS[code], code, detail: message, ...(limit && { limit }) };
}

/** What the HTTP layer refused before a controller saw it: a route, a media type, a body. */
function requestProblem(status: number, detail: string): Problem {
  const [code, title] = REQUEST_PROBLEMS[status] ?? ['INVALID_REQUEST', 'Invalid request'];
  return { type: TYPE, title, status, code, detail, retryable: false };
}

const REQUEST_PROBLEMS: Readonly<Record<number, readonly [code: string, title: string]>> = {
  404: ['NOT_FOUND', 'Not found'],
  413: ['REQUEST_TOO_LARGE', 'Request too large'],
  415: ['UNSUPPORTED_MEDIA_TYPE', 'Unsupported media type'],
};

/** Nest's exceptions and Fastify's errors both carry a status. */
function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

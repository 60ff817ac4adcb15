import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A path can be as long as a client likes. */
const MAX_PATH_CHARS = 256;
/** What asks again every few seconds: logged from `debug` on. */
const PROBES = /^\/(health\/|metrics$)/;

/**
 * Writes a line for every request when its response was sent, or its connection is gone. Not pino-http's middleware: it comes
 * after hooks that refuse requests, and makes two loggers for each request, with its headers.
 */
@Injectable()
export class RequestLog {
  readonly #logger = new Logger('Request');
  /** The asynchronous context of those that have come as far as to have one, nestjs-cls and so the tenant included. */
  readonly #contexts = new WeakMap<FastifyRequest, ReturnType<typeof AsyncLocalStorage.snapshot>>();

  constructor({ httpAdapter }: HttpAdapterHost<FastifyAdapter>) {
    const fastify = httpAdapter.getInstance();
    fastify.addHook('onRequest', (request, reply, done) => {
      const startedAt = performance.now();
      // Not Fastify's onResponse, which does not come when the client has gone away.
      reply.raw.once('close', () => {
        const write = (): void => {
          this.#write(request, reply, performance.now() - startedAt);
        };
        const inContext = this.#contexts.get(request);
        if (inContext) inContext(write);
        else write();
      });
      done();
    });
    fastify.addHook('preHandler', (request, _reply, done) => {
      this.#contexts.set(request, AsyncLocalStorage.snapshot());
      done();
    });
  }

  #write({ id, method, url }: FastifyRequest, { raw }: FastifyReply, elapsedMs: number): void {
    // What comes after the question mark may be anything, a key too.
    const [path = ''] = url.slice(0, MAX_PATH_CHARS).split(/[?#]/);
    const { statusCode: status, writableFinished } = raw;
    const fields = {
      requestId: id,
      method,
      path,
      status,
      durationMs: Math.round(elapsedMs * 100) / 100,
      ...(!writableFinished && { aborted: true }),
    };
    const message = `${method} ${path} ${writableFinished ? status : 'aborted'}`;
    if (PROBES.test(path)) this.#logger.debug(message, fields);
    else if (status >= 500) this.#logger.warn(message, fields);
    else this.#logger.log(message, fields);
  }
}

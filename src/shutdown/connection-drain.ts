import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { ResponsesInFlight } from './responses-in-flight.ts';

/** How long clients may take, once everything has ended, to read the responses that they are owed. */
const SENDING_TIMEOUT_MS = 5000;

/**
 * Cuts no connection before the responses in flight were sent.
 *
 * It waits in Fastify's `preClose`: Nest closes Fastify after every `onModuleDestroy` and `beforeApplicationShutdown` of
 * every module, so after the executions have ended. Then their responses exist, but may not have been sent. A hook of
 * Nest's would be in time only by the order in which modules come. A subclass of FastifyAdapter would be, too; but
 * nestjs-cls knows that class by its name, and sets up no context for another.
 */
@Injectable()
export class ConnectionDrain implements OnModuleDestroy {
  readonly #inFlight = new ResponsesInFlight();
  #draining = false;

  constructor({ httpAdapter }: HttpAdapterHost<FastifyAdapter>) {
    const fastify = httpAdapter.getInstance();
    // Only now is the request complete: a client that never finishes sending its own is owed no response.
    fastify.addHook('preHandler', (_request, reply, done) => {
      this.#inFlight.add(reply.raw);
      done();
    });
    fastify.addHook('onSend', (_request, reply, _payload, done) => {
      // The client is not to send its next request on a connection that is about to be cut.
      if (this.#draining) void reply.header('connection', 'close');
      done();
    });
    fastify.addHook('preClose', async () => this.#inFlight.allSent(SENDING_TIMEOUT_MS));
  }

  /** The first step of the end. */
  onModuleDestroy(): void {
    this.#draining = true;
  }
}

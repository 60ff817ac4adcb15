import type { ServerResponse } from 'node:http';
import { createParamDecorator } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

/** An AbortSignal that fires when the client closes its connection before it has the whole response. */
export const ClientSignal = createParamDecorator((_: unknown, context) =>
  clientSignalOf(context.switchToHttp().getResponse<FastifyReply>().raw),
);

/**
 * Not Fastify's `request.signal`: that one follows the request, which Node closes as soon as its body has been read.
 *
 * A client that only closes its sending half and would still read is gone, too: its FIN is the same that a client sends
 * which closes altogether, and what tells them apart (a reset) comes only after something was written. Node takes it for
 * the end of the connection unless `httpAllowHalfOpen` is set.
 */
export function clientSignalOf(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  const onClose = (): void => {
    if (!response.writableFinished) controller.abort();
  };
  // Every response is closed once, sent or not, and its listeners go with it: nothing stays on a kept connection.
  if (response.closed) onClose();
  else response.once('close', onClose);
  return controller.signal;
}

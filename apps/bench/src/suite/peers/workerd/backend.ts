import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { json } from 'node:stream/consumers';
import { next, type Step } from '../../workload.ts';

/** What scripts call. */
export async function startBackend(socket: string): Promise<Server> {
  const server = createServer((request, response) => {
    void json(request)
      .then(async (step) => next(step as Step))
      .then((step) => response.setHeader('content-type', 'application/json').end(JSON.stringify(step)));
  });
  server.listen(socket);
  await once(server, 'listening');
  return server;
}

import type { Socket } from 'node:net';
import { Client } from 'undici';
import { HTTP_LIMITS } from './http-limits.ts';
import type { HttpRequest } from './http-message.ts';
import type { HttpTarget } from './http-target.ts';
import { ResponseReader, type Received, type ResponseHead } from './response-reader.ts';
import { ResponseTooLargeError } from './response-too-large.error.ts';

/** How many times the size of a body may come for it: chunks have something around them. */
const MAX_FRAMING = 4;
/** And beside it, for headers and the like. */
const MAX_EXTRA_BYTES = 256 * 1024;
/** Nothing to be unpacked: so many bytes come, so many there are. */
const ASKED_FOR: readonly (readonly [string, string])[] = [['accept-encoding', 'identity']];

/**
 * One request and its response, on a connection that ends with it: nothing is left there for the next, of whichever tenant.
 *
 * @param wantsBody asked when the headers are there
 * @throws what undici or the connection failed with; when the connection is destroyed, too
 */
export async function exchange(
  socket: Socket,
  { url }: HttpTarget,
  { method, headers, body }: HttpRequest,
  maxBodyBytes: number,
  wantsBody: (head: ResponseHead) => boolean,
): Promise<Received> {
  const client = new Client(url.origin, {
    connect: onlyWith(socket),
    maxHeaderSize: HTTP_LIMITS.maxResponseHeaderBytes,
    maxResponseSize: maxBodyBytes,
  });
  endAfter(socket, maxBodyBytes * MAX_FRAMING + MAX_EXTRA_BYTES);
  const reader = new ResponseReader(wantsBody);
  try {
    const path = `${url.pathname}${url.search}`;
    const lines = [...headers, ...ASKED_FOR].flat();
    client.dispatch({ method, path, headers: lines, body: body ?? null, reset: true }, reader);
    return await reader.response;
  } finally {
    socket.destroy();
    await client.destroy();
  }
}

/** The client counts bodies and headers only, and some of what a server can send has no end. */
function endAfter(socket: Socket, maxBytes: number): void {
  socket.on('readable', () => {
    if (socket.bytesRead > maxBytes) socket.destroy(new ResponseTooLargeError());
  });
}

/**
 * Once: a second connection would be one that nobody has checked. The error must not be one of undici's: with those, it would
 * ask again and again.
 */
function onlyWith(socket: Socket): NonNullable<Client.Options['connect']> {
  let isTaken = false;
  return (_options, callback) => {
    const isThere = !isTaken;
    isTaken = true;
    // Later: undici does not see what it is given before it has asked.
    queueMicrotask(() => {
      if (isThere) callback(null, socket);
      else callback(Object.assign(new Error('The connection was closed'), { code: 'ECONNRESET' }), null);
    });
  };
}

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A connection of its own, for clients that do what no HTTP library does. Errors are the server's answer, not a failure. */
export async function connectTo(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** A `POST` of tenant acme, by default to `/v1/executions`, as it goes over the wire. */
export function executionRequest(body: object, path = '/v1/executions'): string {
  const json = JSON.stringify(body);
  const lines = [
    `POST ${path} HTTP/1.1`,
    'Host: localhost',
    'Authorization: Bearer acme-dev-key',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(json)}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${json}`;
}

/** What comes back until the connection has ended. */
export async function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** What comes back until a text was seen or the connection has ended; for what is short. */
export async function readUntil(socket: Socket, text: string): Promise<string> {
  let received = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    received += String(chunk);
    if (received.includes(text)) break;
  }
  return received;
}

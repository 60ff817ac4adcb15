import { createSecureContext } from 'node:tls';
import { startTcpServer } from '../../../test/support/http-server.ts';
import { exchange } from './exchange.ts';
import { parseTarget } from './http-target.ts';
import { openConnection } from './open-connection.ts';

describe('An exchange', () => {
  it('fails on a connection that is gone, and never asks for another: nobody would have checked it', async () => {
    const server = await startTcpServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'));
    try {
      const target = parseTarget(`http://127.0.0.1:${server.port}`);
      const socket = await openConnection(target, ['127.0.0.1'], new AbortController().signal, createSecureContext());
      socket.destroy();
      const request = { method: 'GET', headers: new Map(), body: undefined } as const;
      await expect(exchange(socket, target, request, 1000, () => true)).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect(server.connections).toHaveLength(1);
    } finally {
      await server.close();
    }
  });
});

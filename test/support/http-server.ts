import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { readFileSync } from 'node:fs';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';

/** For `secure.test` and nothing else; everybody has the key. */
export const TEST_CERTIFICATE = readFileSync(new URL('tls/test-only-certificate.pem', import.meta.url), 'utf8');
const TEST_KEY = readFileSync(new URL('tls/test-only-key.pem', import.meta.url), 'utf8');

export interface TestServer {
  readonly port: number;
  /** All connections there ever were. */
  readonly connections: readonly Socket[];
  close(): Promise<void>;
}

/** On every address of this machine, unless one is named: whichever somebody is led to, it answers. */
export function startHttpServer(answer: RequestListener, host?: string): Promise<TestServer> {
  return listen(createServer(answer), host);
}

export function startHttpsServer(answer: RequestListener): Promise<TestServer> {
  return listen(createTlsServer({ cert: TEST_CERTIFICATE, key: TEST_KEY }, answer));
}

/** For servers that do what no HTTP library does. */
export function startTcpServer(serve: (socket: Socket) => void): Promise<TestServer> {
  return listen(
    createTcpServer((socket) => {
      serve(socket);
    }),
  );
}

async function listen(server: Server | TcpServer, host?: string): Promise<TestServer> {
  const connections: Socket[] = [];
  server.on('connection', (socket: Socket) => {
    connections.push(socket);
    // Clients that give up reset connections.
    socket.on('error', () => undefined);
  });
  server.listen(0, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    close: async () => {
      for (const socket of connections) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

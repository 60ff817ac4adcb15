import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { connectRedisStore } from './redis-store.ts';

describe('connectRedisStore', () => {
  it('makes no connection when it was told to close it before', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const options = {
      url: `redis://127.0.0.1:${port}`,
      maxChars: 100,
      signal: AbortSignal.abort(),
      onError: () => undefined,
    };
    await expect(connectRedisStore(options)).rejects.toMatchObject({ name: 'AbortError' });
    // They are accepted in turn.
    const last = connect(port, '127.0.0.1');
    while (!sockets.some(({ remotePort }) => remotePort === last.localPort)) await once(server, 'connection');
    expect(sockets).toHaveLength(1);
    last.destroy();
    server.close();
    for (const socket of sockets) socket.destroy();
  });
});

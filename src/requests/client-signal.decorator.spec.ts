import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { clientSignalOf } from './client-signal.decorator.ts';

describe('clientSignalOf', () => {
  let server: Server;
  let client: Socket;
  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  });
  afterEach(async () => {
    client.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Sends one request; resolves to the response that the server is to give. */
  const request = async (): Promise<ServerResponse> => {
    client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
    return response;
  };

  it('gives a signal that does not fire when the response was sent, nor when the connection is closed later', async () => {
    const response = await request();
    const signal = clientSignalOf(response);
    const { socket } = response;
    response.end('answer');
    await once(response, 'close');
    expect(signal.aborted).toBe(false);
    const closed = new Promise((resolve) => socket?.once('close', resolve));
    client.destroy();
    await closed;
    expect(signal.aborted).toBe(false);
  });

  it('gives a signal that fires when the connection is closed before', async () => {
    const response = await request();
    const signal = clientSignalOf(response);
    client.destroy();
    await once(signal, 'abort');
    expect(response.writableFinished).toBe(false);
  });

  it('gives a signal that has fired when the connection was closed even before', async () => {
    const response = await request();
    client.destroy();
    await once(response, 'close');
    expect(clientSignalOf(response).aborted).toBe(true);
  });

  it('leaves no listener on a connection that is kept', async () => {
    const counts: number[] = [];
    for (let turn = 0; turn < 3; turn++) {
      const response = await request();
      clientSignalOf(response);
      counts.push(response.socket?.listenerCount('close') ?? NaN);
      response.end();
      await once(response, 'close');
    }
    expect(counts).toEqual([counts[0], counts[0], counts[0]]);
  });
});

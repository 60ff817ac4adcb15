import { HttpConnections } from '../../../overload/http-connections.ts';

/** Asks whoever listens at a Unix socket, over connections that are kept. */
export class UnixClient {
  readonly #connections: HttpConnections;

  constructor(socket: string) {
    this.#connections = new HttpConnections({ path: socket });
  }

  /** @throws Error when the answer is no success */
  async ask(method: string, body: string): Promise<string> {
    const head = `${method} / HTTP/1.1\r\nHost: workerd\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
    const answer = await this.#connections.ask(Buffer.from(head + body));
    if (answer.status !== 200) throw new Error(`workerd answers ${answer.status}: ${answer.body.slice(0, 200)}`);
    return answer.body;
  }

  close(): void {
    this.#connections.close();
  }
}

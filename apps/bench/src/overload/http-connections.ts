import { connect, type NetConnectOpts, type Socket } from 'node:net';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

interface Asked {
  readonly bytes: Buffer;
  readonly resolve: (answer: HttpAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** More callers than a backend has connections wait in front of it, as they would at a load balancer. */
const MAX_CONNECTIONS = 512;

/**
 * HTTP/1.1 over connections that are kept, one request at a time on each. `node:http` takes more CPU for a request than the
 * backend does to refuse it; this writes bytes that were made once, and reads no more than a status and a length.
 */
export class HttpConnections {
  readonly #to: NetConnectOpts;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  /** Those that wait for a connection, first come, first served; taken from `#first` on. */
  #waiting: Asked[] = [];
  #first = 0;

  constructor(to: NetConnectOpts) {
    this.#to = to;
  }

  /** @param bytes of the whole request */
  async ask(bytes: Buffer): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const asked: Asked = { bytes, resolve, reject };
      const connection = this.#idle.pop() ?? (this.#all.size < MAX_CONNECTIONS ? this.#open() : undefined);
      if (connection) connection.send(asked);
      else this.#waiting.push(asked);
    });
  }

  close(): void {
    for (const connection of this.#all) connection.destroy();
  }

  #open(): Connection {
    const socket = connect(this.#to);
    const connection = new Connection(
      socket,
      () => {
        this.#isFree(connection);
      },
      () => {
        this.#isGone(connection);
      },
    );
    this.#all.add(connection);
    return connection;
  }

  #isFree(connection: Connection): void {
    const next = this.#takeWaiting();
    if (next) connection.send(next);
    else this.#idle.push(connection);
  }

  #isGone(connection: Connection): void {
    this.#all.delete(connection);
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
    const next = this.#takeWaiting();
    if (next) this.#open().send(next);
  }

  #takeWaiting(): Asked | undefined {
    const next = this.#waiting[this.#first];
    if (!next) {
      this.#waiting = [];
      this.#first = 0;
      return undefined;
    }
    this.#first++;
    return next;
  }
}

class Connection {
  readonly #socket: Socket;
  #asked: Asked | undefined;
  #received = '';

  constructor(socket: Socket, onFree: () => void, onGone: () => void) {
    this.#socket = socket;
    let problem = new Error('the connection was closed before the answer');
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#received += text;
      const answer = readAnswer(this.#received);
      if (!answer) return;
      const asked = this.#asked;
      this.#received = '';
      this.#asked = undefined;
      onFree();
      asked?.resolve(answer);
    });
    socket.on('error', (error) => (problem = error));
    socket.on('close', () => {
      const asked = this.#asked;
      this.#asked = undefined;
      onGone();
      asked?.reject(problem);
    });
  }

  send(asked: Asked): void {
    this.#asked = asked;
    this.#socket.write(asked.bytes);
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** Undefined until all of it is there. */
function readAnswer(received: string): HttpAnswer | undefined {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const bodyStart = headEnd + 4;
  const length = /\r\ncontent-length: (\d+)/i.exec(received.slice(0, headEnd))?.[1];
  if (length === undefined) throw new Error(`an answer without a length: ${received.slice(0, headEnd)}`);
  if (received.length < bodyStart + Number(length)) return undefined;
  return { status: Number(received.slice(9, 12)), body: received.slice(bodyStart) };
}

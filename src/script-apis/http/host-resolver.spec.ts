import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { DnsResolver } from './host-resolver.ts';

const TYPE_A = 1;
const TYPE_AAAA = 28;
const NAME_ERROR = 3;
/** A header of 12 bytes, then the question: a name, a type and a class. */
const HEADER_BYTES = 12;

/** A name server with as much of DNS as is needed here. https://www.rfc-editor.org/rfc/rfc1035#section-4 */
class NameServer {
  readonly questions: string[] = [];
  onQuestion: (() => void) | undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly records: Readonly<Record<string, readonly Buffer[]>>,
  ) {}

  /** @param records raw addresses by name; names that end in `silent.test` get no answer */
  static async start(records: Readonly<Record<string, readonly Buffer[]>>): Promise<NameServer> {
    const socket = createSocket('udp4');
    const server = new NameServer(socket, records);
    socket.on('message', (query, from) => {
      server.#answer(query, from);
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return server;
  }

  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  close(): void {
    this.socket.close();
  }

  #answer(query: Buffer, { port, address }: RemoteInfo): void {
    const labels: string[] = [];
    let end = HEADER_BYTES;
    for (let length = query.readUInt8(end); length > 0; length = query.readUInt8(end)) {
      labels.push(query.toString('latin1', end + 1, end + 1 + length));
      end += length + 1;
    }
    const name = labels.join('.');
    const type = query.readUInt16BE(end + 1);
    this.questions.push(name);
    this.onQuestion?.();
    if (name.endsWith('silent.test')) return;
    const known = this.records[name];
    const answers = (known ?? []).filter(({ length }) => length === (type === TYPE_A ? 4 : 16));
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt16BE(query.readUInt16BE(0), 0);
    header.writeUInt16BE(0x8180 + (known ? 0 : NAME_ERROR), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answers.length, 6);
    const records = answers.map((data) => {
      const record = Buffer.alloc(12);
      // The name is that of the question.
      record.writeUInt16BE(0xc000 + HEADER_BYTES, 0);
      record.writeUInt16BE(data.length === 4 ? TYPE_A : TYPE_AAAA, 2);
      record.writeUInt16BE(1, 4);
      record.writeUInt16BE(data.length, 10);
      return Buffer.concat([record, data]);
    });
    this.socket.send(Buffer.concat([header, query.subarray(HEADER_BYTES, end + 5), ...records]), port, address);
  }
}

describe('DnsResolver', () => {
  let server: NameServer;
  let resolver: DnsResolver;
  const V6 = Buffer.from('20010db8000000000000000000000001', 'hex');
  const signal = (): AbortSignal => new AbortController().signal;

  beforeAll(async () => {
    server = await NameServer.start({
      'both.test': [Buffer.of(1, 1, 1, 1), V6, Buffer.of(127, 0, 0, 1)],
      'six.test': [V6],
      'none.test': [],
    });
    resolver = new DnsResolver([server.address]);
  });
  afterAll(() => {
    server.close();
  });
  beforeEach(() => {
    server.questions.length = 0;
    server.onQuestion = undefined;
  });

  it('finds all addresses of both kinds', async () => {
    expect(await resolver.resolve('both.test', signal())).toEqual(['1.1.1.1', '127.0.0.1', '2001:db8::1']);
    expect(await resolver.resolve('six.test', signal())).toEqual(['2001:db8::1']);
  });

  it('finds none for a host that has none, or does not exist, or cannot exist', async () => {
    expect(await resolver.resolve('none.test', signal())).toEqual([]);
    expect(await resolver.resolve('missing.test', signal())).toEqual([]);
    expect(await resolver.resolve(`${'a'.repeat(64)}.test`, signal())).toEqual([]);
  });

  it('remembers nothing: the next one to ask does not see that somebody has', async () => {
    for (let turn = 0; turn < 2; turn++) await resolver.resolve('six.test', signal());
    expect(server.questions).toEqual(['six.test', 'six.test', 'six.test', 'six.test']);
  });

  it('asks for the name as it is, with nothing appended', async () => {
    await resolver.resolve('missing', signal());
    expect(new Set(server.questions)).toEqual(new Set(['missing']));
  });

  it('stops at once when nobody waits any more, and asks nothing then', async () => {
    const execution = new AbortController();
    const reason = new Error('cancelled');
    server.onQuestion = () => {
      execution.abort(reason);
    };
    await expect(resolver.resolve('silent.test', execution.signal)).rejects.toBe(reason);
    const before = server.questions.length;
    await expect(resolver.resolve('both.test', execution.signal)).rejects.toBe(reason);
    expect(server.questions).toHaveLength(before);
  });

  it('has an answer for one while many others get none', async () => {
    const execution = new AbortController();
    // More than the system’s own resolver has threads.
    const many = Array.from({ length: 64 }, (_, index) => resolver.resolve(`${index}.silent.test`, execution.signal));
    const ends = Promise.allSettled(many);
    expect(await resolver.resolve('six.test', signal())).toEqual(['2001:db8::1']);
    execution.abort();
    expect(new Set((await ends).map(({ status }) => status))).toEqual(new Set(['rejected']));
  });
});

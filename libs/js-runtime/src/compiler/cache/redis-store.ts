import KeyvRedis, { createClient } from '@keyv/redis';
import { Keyv } from 'keyv';

export interface RedisStoreOptions {
  readonly url: string;
  /** Of a value; of one that is longer, one character more than that is read. */
  readonly maxChars: number;
  /** Closes the connection, in whatever state it is. */
  readonly signal: AbortSignal;
  /** Called when the connection has failed, also before it was there; perhaps several times. */
  readonly onError: (error: Error) => void;
}

/**
 * Connects, once: a connection that has failed is over, and so is its store. The client's own reconnecting is not used, as it
 * cannot be stopped while it waits or connects.
 *
 * @throws whatever is in the way, `signal` included
 */
export async function connectRedisStore({ url, maxChars, signal, onError }: RedisStoreOptions): Promise<Keyv<string>> {
  const client = createClient({
    url,
    // The signal is Node's own, of its sockets.
    socket: { reconnectStrategy: false, signal },
    disableOfflineQueue: true,
    // Commands that a user of Redis with few rights may not have.
    disableClientInfo: true,
    maintNotifications: 'disabled',
  });
  client.on('error', onError);
  // A cache is no reason for a process to stay.
  client.unref();
  const store = new Keyv<string>(new BoundedKeyvRedis(client, maxChars), {
    // Names are complete, and values are not to be parsed before it is known whose they are.
    namespace: '',
    useKeyPrefix: false,
    serialize: ({ value }) => value as string,
    deserialize: (value) => ({ value: value as never }),
    throwOnErrors: true,
  });
  // Node's sockets connect even so.
  signal.throwIfAborted();
  await client.connect();
  return store;
}

interface RangeReader {
  getRange(key: string, start: number, end: number): Promise<string | null>;
}

/** Keyv's adapter, but for values of any size that somebody else may have put there; and it never connects by itself. */
class BoundedKeyvRedis extends KeyvRedis<string> {
  constructor(
    private readonly redis: RangeReader,
    private readonly maxChars: number,
  ) {
    // It takes clients of every kind, which the types of a single one do not fit.
    super(redis as never, { throwOnErrors: true });
  }

  override async getClient(): Promise<typeof this.client> {
    return Promise.resolve(this.client);
  }

  override async get<U = string>(key: string): Promise<U | undefined> {
    // GETRANGE counts the last one in.
    const value = await this.redis.getRange(key, 0, this.maxChars);
    // No value of ours is empty.
    return value === '' || value === null ? undefined : (value as U);
  }
}

import type { Keyv } from 'keyv';
import { NO_ARTIFACT_NAME } from './artifact-name.ts';
import { BackOff } from './back-off.ts';
import { LateError, within } from './within.ts';

/** From the first packet to the answer that shows that it works. */
const CONNECT_TIMEOUT_MS = 5000;
/** Nobody waits for a write, but what it holds has to be let go of one day. */
const WRITE_TIMEOUT_MS = 5000;
/** So many reads that fail one after the other end the connection. */
const FAILURES = 5;

export interface RedisLinkOptions {
  readonly url: string;
  /** The most that a read may take. */
  readonly timeoutMs: number;
  /** Of a value, in characters. */
  readonly maxChars: number;
  /** @param problem undefined when Redis can be used again; otherwise why it cannot */
  readonly onChange: (problem: Error | undefined) => void;
  /** A connection could not be made, or was lost. */
  readonly onError: () => void;
}

/** Redis is not there now; nothing was sent. */
export class NotConnectedError extends Error {
  override readonly name = 'NotConnectedError';
}

/**
 * A connection to Redis that is either known to work, or being made anew behind the scenes: with growing pauses, for ever.
 * Whoever asks meanwhile is told at once, so only the few reads that find out wait for their time limit.
 */
export class RedisLink {
  readonly #options: RedisLinkOptions;
  readonly #backOff = new BackOff();
  #state: 'connecting' | 'up' | 'down' = 'connecting';
  /** Ends the connection that there is, or is being made. */
  #connection: AbortController | undefined;
  /** There when it is up. */
  #store: Keyv<string> | undefined;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
  }

  get state(): 'connecting' | 'up' | 'down' {
    return this.#state;
  }

  /** Begins to connect, and waits for nothing. */
  open(): void {
    if (!this.#isClosed) void this.#connect();
  }

  /** Ends the connection at once; what has not been answered fails. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#connection?.abort();
    this.#connection = this.#store = undefined;
    this.#state = 'down';
  }

  /** @throws NotConnectedError, LateError after `timeoutMs`, or what Redis says */
  async get(name: string): Promise<string | undefined> {
    const [store, connection] = this.#current();
    try {
      const value = await within(this.#options.timeoutMs, store.get<string>(name));
      this.#failures = 0;
      this.#backOff.reset();
      return value;
    } catch (error) {
      if (connection === this.#connection && ++this.#failures >= FAILURES) this.#lost(connection, error as Error);
      throw error;
    }
  }

  /** @throws as `get` does, but LateError after 5 s */
  async set(name: string, value: string, ttlMs: number): Promise<void> {
    await this.#write(async (store) => store.set(name, value, ttlMs));
  }

  /** @throws as `set` does */
  async delete(name: string): Promise<void> {
    await this.#write(async (store) => store.delete(name));
  }

  async #write(command: (store: Keyv<string>) => Promise<unknown>): Promise<void> {
    const [store, connection] = this.#current();
    try {
      await within(WRITE_TIMEOUT_MS, command(store));
    } catch (error) {
      // What has been sent cannot be taken back, and holds its memory as long as the connection is there.
      if (error instanceof LateError) this.#lost(connection, error);
      throw error;
    }
  }

  #current(): [Keyv<string>, AbortController] {
    if (!this.#store || !this.#connection) throw new NotConnectedError('Redis is not connected');
    return [this.#store, this.#connection];
  }

  async #connect(): Promise<void> {
    const { url, timeoutMs, maxChars } = this.#options;
    const connection = (this.#connection = new AbortController());
    const onError = (error: Error): void => {
      this.#lost(connection, error);
    };
    const timer = setTimeout(() => {
      onError(new LateError(CONNECT_TIMEOUT_MS));
    }, CONNECT_TIMEOUT_MS).unref();
    try {
      // Only where it is used.
      const { connectRedisStore } = await import('./redis-store.ts');
      const store = await connectRedisStore({ url, maxChars, signal: connection.signal, onError });
      // Being connected says little: the kernel accepts for a process that hangs, and Redis before it has asked for a password.
      await within(timeoutMs, store.get(NO_ARTIFACT_NAME));
      if (connection !== this.#connection) return;
      this.#store = store;
      this.#failures = 0;
      this.#become('up');
    } catch (error) {
      onError(error as Error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The connection is over, or not worth having; later words about it are not heard. */
  #lost(connection: AbortController, error: Error): void {
    if (connection !== this.#connection) return;
    this.#connection = this.#store = undefined;
    connection.abort();
    this.#retry = setTimeout(() => void this.#connect(), this.#backOff.nextMs()).unref();
    this.#options.onError();
    this.#become('down', error);
  }

  #become(state: 'up' | 'down', problem?: Error): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#options.onChange(problem);
  }
}

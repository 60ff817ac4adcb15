import type { Keyv } from 'keyv';
import { z } from 'zod';
import { answered } from './answered.ts';
import { fromOrderedText, toOrderedText } from './ordered-text.ts';
import type { Entry, Excess, KeyQuery, Owner, Quota, QuotaStorage } from './quota-storage.ts';
import { AGAIN, DELETE, LIST, SET } from './quota-scripts.ts';
import type { RedisClient, RedisScript } from './redis-script.ts';

const setReply = z.union([z.tuple([]), z.tuple([z.enum(['maxKeys', 'maxBytes']), z.number()])]);
const listReply = z.array(z.string());

/**
 * Texts in Redis, where a Keyv finds them. They are changed and counted by scripts that run in Redis, each a change as a whole:
 * no backend that dies leaves one half done, and several that change the values of one owner at once are in nobody's way.
 */
export class RedisQuotaStorage implements QuotaStorage {
  constructor(
    private readonly keyv: Keyv,
    private readonly client: RedisClient,
    /** What Keyv puts before every key. */
    private readonly keyvPrefix: string,
  ) {}

  async get(owner: Owner, key: string): Promise<string | undefined> {
    return answered(this.keyv.get<string>(JSON.stringify(owner) + toOrderedText(key)));
  }

  async set(owner: Owner, entry: Entry, quota: Quota, signal: AbortSignal): Promise<Excess | undefined> {
    const { key, text, bytes, ttlMs = '' } = entry;
    const { maxKeys, maxBytes } = quota;
    const reply = await this.#run(
      SET,
      signal,
      owner,
      toOrderedText(key),
      toStored(text),
      bytes,
      ttlMs,
      maxKeys,
      maxBytes,
    );
    const excess = setReply.parse(reply);
    return excess.length === 0 ? undefined : { name: excess[0], used: excess[1] };
  }

  async delete(owner: Owner, key: string, signal: AbortSignal): Promise<boolean> {
    return (await this.#run(DELETE, signal, owner, toOrderedText(key))) === 1;
  }

  async list(owner: Owner, { prefix, after, limit }: KeyQuery): Promise<readonly string[]> {
    const start = after === undefined || after < prefix ? `[${toOrderedText(prefix)}` : `(${toOrderedText(after)}`;
    const keys = listReply.parse(await this.#run(LIST, undefined, owner, toOrderedText(prefix), start, limit));
    return keys.map(fromOrderedText);
  }

  async #run(
    script: RedisScript,
    signal: AbortSignal | undefined,
    owner: Owner,
    ...rest: (string | number)[]
  ): Promise<unknown> {
    // As JSON, the lists that are longer than the owner's begin otherwise, so that none of them is the key of a value.
    const keys = ['sizes', 'names', 'expiring', 'total'].map((part) => this.#keyOf([...owner, part]));
    const options = { keys, arguments: [this.#keyOf(owner), ...rest.map(String)] };
    for (;;) {
      signal?.throwIfAborted();
      const reply = await answered(script.run(this.client, options));
      if (reply !== AGAIN) return reply;
    }
  }

  #keyOf(parts: readonly string[]): string {
    return this.keyvPrefix + JSON.stringify(parts);
  }
}

/** As Keyv stores a text: it reads a colon at the start as the mark of something else. */
function toStored(text: string): string {
  return JSON.stringify({ value: text.startsWith(':') ? `:${text}` : text });
}

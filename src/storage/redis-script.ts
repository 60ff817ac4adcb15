import { createHash } from 'node:crypto';
import type { RedisClientType } from '@keyv/redis';

export type RedisClient = Pick<RedisClientType, 'eval' | 'evalSha'>;

export interface ScriptArguments {
  readonly keys: string[];
  readonly arguments: string[];
}

/** A Lua script that Redis runs as one command: nothing else happens in between. */
export class RedisScript {
  readonly #sha1: string;

  constructor(private readonly source: string) {
    this.#sha1 = createHash('sha1').update(source).digest('hex');
  }

  /** The script itself is sent only where Redis does not have it yet, or any more. */
  async run(client: RedisClient, options: ScriptArguments): Promise<unknown> {
    try {
      return await client.evalSha(this.#sha1, options);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return client.eval(this.source, options);
    }
  }
}

import { createClient, createKeyv } from '@keyv/redis';
import type { LoggerService } from '@nestjs/common';
import { RedisQuotaStorage } from './redis-quota-storage.ts';
import { Storage } from './storage.ts';

/** All keys begin with this. Another number: the values are others. */
const NAMESPACE = 'js-runtime:saved:1';
const SEPARATOR = '::';
/** How many commands may wait for one that does not answer. */
const MAX_COMMANDS = 1000;

/**
 * Values in Redis, which several backends can share. It connects by itself, again and again; while there is no connection
 * everything is refused at once, and the log has a line when that begins and when it ends.
 *
 * @param url never logged: it may have a password in it
 */
export function redisStorage(url: string, logger: Pick<LoggerService, 'error' | 'log'>): Storage {
  const client = createClient({ url, disableOfflineQueue: true, commandsQueueMaxLength: MAX_COMMANDS });
  let isAway = false;
  client.on('error', ({ message }: Error) => {
    if (!isAway) logger.error(`Redis cannot be reached: ${message}. What is saved is unavailable until it can`);
    isAway = true;
  });
  client.on('ready', () => {
    if (isAway) logger.log('Redis can be reached again');
    isAway = false;
  });
  // Ends only when the client is destroyed; every failure on the way is an `error` event.
  void client.connect().catch(() => undefined);
  const keyv = createKeyv(client, { namespace: NAMESPACE, keyPrefixSeparator: SEPARATOR, throwOnErrors: true });
  // Also thrown, to whoever asked.
  keyv.on('error', () => undefined);
  return new Storage(keyv, new RedisQuotaStorage(keyv, client, NAMESPACE + SEPARATOR), () => {
    client.destroy();
  });
}

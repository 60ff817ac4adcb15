import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { backendConfig } from '../../config/backend.config.ts';
import type { Owner, Quota } from '../../storage/quota-storage.ts';
import { Storage } from '../../storage/storage.ts';
import { MAX_VALUE_BYTES, quotaExceeded } from './kv-quota.ts';

export interface KvQuery {
  readonly prefix: string;
  /** Of the page before. */
  readonly cursor: string | undefined;
  /** How many keys at most. */
  readonly limit: number;
}

/** Keys in order. */
export interface KvPage {
  readonly keys: readonly string[];
  /** There when there are more. It is the last key, so it stays right whatever is set or deleted meanwhile. */
  readonly cursor?: string;
}

/**
 * The key-value storage of all tenants. A value is kept as its JSON text, so that nobody has a part of it in hand.
 *
 * All methods reject with ProblemError STORAGE_UNAVAILABLE when the storage does not answer. What changes something does not
 * begin after its signal has fired, and then rejects with the signal's reason; once begun, it is finished.
 */
@Injectable()
export class KvStore {
  readonly #quota: Quota;

  constructor(
    private readonly storage: Storage,
    @Inject(backendConfig.KEY) { kvQuota }: Pick<ConfigType<typeof backendConfig>, 'kvQuota'>,
  ) {
    this.#quota = kvQuota;
  }

  async get(tenantId: string, key: string): Promise<unknown> {
    const text = await this.storage.underQuota.get(ownerOf(tenantId), key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  /**
   * @param ttlMs how long it is kept; undefined: for good, also where there was a value that was not
   * @throws ProblemError QUOTA_EXCEEDED, and then the value before is still there
   */
  async set(
    tenantId: string,
    key: string,
    value: unknown,
    ttlMs: number | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const text = JSON.stringify(value);
    const valueBytes = Buffer.byteLength(text);
    if (valueBytes > MAX_VALUE_BYTES) throw quotaExceeded('maxValueBytes', MAX_VALUE_BYTES, valueBytes);
    const entry = { key, text, bytes: Buffer.byteLength(key) + valueBytes, ttlMs };
    const excess = await this.storage.underQuota.set(ownerOf(tenantId), entry, this.#quota, signal);
    if (excess) throw quotaExceeded(excess.name, this.#quota[excess.name], excess.used);
  }

  /** Resolves to whether there was such a key. */
  async delete(tenantId: string, key: string, signal: AbortSignal): Promise<boolean> {
    return this.storage.underQuota.delete(ownerOf(tenantId), key, signal);
  }

  async list(tenantId: string, { prefix, cursor, limit }: KvQuery): Promise<KvPage> {
    const query = { prefix, after: cursor, limit: limit + 1 };
    const found = await this.storage.underQuota.list(ownerOf(tenantId), query);
    return found.length > limit ? pageOf(found.slice(0, limit)) : { keys: found };
  }
}

/** A page after which there are more. */
export function pageOf(keys: readonly string[]): KvPage {
  const cursor = keys.at(-1);
  return cursor === undefined ? { keys } : { keys, cursor };
}

function ownerOf(tenantId: string): Owner {
  return ['kv', tenantId];
}

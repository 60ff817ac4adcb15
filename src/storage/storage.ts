import type { OnApplicationShutdown } from '@nestjs/common';
import type { Keyv } from 'keyv';
import { answered } from './answered.ts';
import type { QuotaStorage } from './quota-storage.ts';

/**
 * Values by key. Keys are lists of strings: as JSON, no two lists make the same key, whatever is in them.
 *
 * Everything rejects with ProblemError STORAGE_UNAVAILABLE when Redis, where that is the storage, does not answer.
 */
export class Storage implements OnApplicationShutdown {
  constructor(
    private readonly keyv: Keyv,
    /** In the same place, values that are counted. */
    readonly underQuota: QuotaStorage,
    private readonly close?: () => void,
  ) {}

  async get<T>(key: readonly string[]): Promise<T | undefined> {
    return answered(this.keyv.get<T>(JSON.stringify(key)));
  }

  async set(key: readonly string[], value: unknown): Promise<void> {
    await answered(this.keyv.set(JSON.stringify(key), value));
  }

  /** Resolves to whether there was such a value. */
  async delete(key: readonly string[]): Promise<boolean> {
    return answered(this.keyv.delete(JSON.stringify(key)));
  }

  /** By then every response has been sent. */
  onApplicationShutdown(): void {
    this.close?.();
  }
}

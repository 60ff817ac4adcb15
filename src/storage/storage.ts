import type { OnApplicationShutdown } from '@nestjs/common';
import type { Keyv } from 'keyv';
import { ProblemError } from '../problems/problem-error.ts';

/** How long Redis may take for one answer, in milliseconds. */
const TIMEOUT_MS = 2000;

/**
 * Values by key. Keys are lists of strings: as JSON, no two lists make the same key, whatever is in them.
 *
 * Everything rejects with ProblemError STORAGE_UNAVAILABLE when Redis, where that is the storage, does not answer.
 */
export class Storage implements OnApplicationShutdown {
  constructor(
    private readonly keyv: Keyv,
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

async function answered<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`No answer after ${TIMEOUT_MS} ms`));
    }, TIMEOUT_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } catch (cause) {
    // Whoever keeps the connection has logged why.
    throw new ProblemError('STORAGE_UNAVAILABLE', 'What is saved cannot be reached now', undefined, { cause });
  } finally {
    clearTimeout(timer);
  }
}

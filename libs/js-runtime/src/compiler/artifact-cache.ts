import { Inject, Injectable } from '@nestjs/common';
import { createKeyv, type KeyvCacheableMemory } from '@cacheable/memory';
import { createCache, type Cache } from 'cache-manager';
import type { CompiledOptions } from '../config/options.schema.ts';
import { COMPILED_OPTIONS } from '../config/options.token.ts';

export interface CacheStats {
  /** Executions and compilations that found their code, in the VM or in the cache. */
  readonly hits: number;
  readonly misses: number;
  /** Scripts whose code is kept now. */
  readonly entries: number;
}

/** V8's code caches of compiled scripts, by {@link cacheKey}, least recently used out first. */
@Injectable()
export class ArtifactCache {
  readonly #enabled: boolean;
  readonly #memory: KeyvCacheableMemory;
  readonly #cache: Cache;

  constructor(@Inject(COMPILED_OPTIONS) { cacheEnabled, cacheMaxEntries }: CompiledOptions) {
    this.#enabled = cacheEnabled;
    const keyv = createKeyv({ lruSize: cacheMaxEntries, useClone: false, checkInterval: 0 });
    this.#memory = keyv.store as KeyvCacheableMemory;
    this.#cache = createCache({ stores: [keyv] });
  }

  get entries(): number {
    return this.#memory.store.size;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.#enabled ? this.#cache.get<Uint8Array>(key) : undefined;
  }

  async set(key: string, codeCache: Uint8Array): Promise<void> {
    // A copy: what came out of a frame would keep the whole frame in memory.
    if (this.#enabled) await this.#cache.set(key, Uint8Array.from(codeCache));
  }
}

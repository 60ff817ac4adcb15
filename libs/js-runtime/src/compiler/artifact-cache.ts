import { createKeyv } from '@cacheable/memory';
import { Inject, Injectable } from '@nestjs/common';
import { createCache, type Cache } from 'cache-manager';
import type { CompiledOptions } from '../config/options.schema.ts';
import { COMPILED_OPTIONS } from '../config/options.token.ts';
import type { Artifact } from './artifact.ts';

export interface CacheStats {
  readonly compileMsSaved: number;
  /** Executions that found their code, in the VM or in the cache. */
  readonly hits: number;
  readonly misses: number;
  /** Scripts whose code is kept now, and how many bytes that takes. */
  readonly entries: number;
  readonly bytes: number;
}

/** What VMs made of scripts, by `cacheKey`; bounded by entries and bytes, least recently used out first. */
@Injectable()
export class ArtifactCache {
  readonly #options: CompiledOptions;
  readonly #cache: Cache;
  /** Sizes in bytes, in the order of use. */
  readonly #sizes = new Map<string, number>();
  #bytes = 0;

  constructor(@Inject(COMPILED_OPTIONS) options: CompiledOptions) {
    this.#options = options;
    this.#cache = createCache({ stores: [createKeyv({ useClone: false, checkInterval: 0 })] });
  }

  stats(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.entries, bytes: this.bytes };
  }

  get entries(): number {
    return this.#sizes.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async get(_tenantId: string, key: string): Promise<Artifact | undefined> {
    const size = this.#sizes.get(key);
    if (size === undefined) return undefined;
    this.#sizes.delete(key);
    this.#sizes.set(key, size);
    return this.#cache.get<Artifact>(key);
  }

  async set(_tenantId: string, key: string, artifact: Artifact): Promise<void> {
    const codeCache = artifact.codeCache ?? new Uint8Array();
    const { cacheEnabled, cacheMaxEntries, cacheMaxBytes } = this.#options;
    if (!cacheEnabled || codeCache.byteLength > cacheMaxBytes) return;
    // A copy: what came out of a frame would keep the whole frame in memory.
    const stored = this.#cache.set(key, { ...artifact, codeCache: Uint8Array.from(codeCache) });
    this.#forget(key);
    this.#sizes.set(key, codeCache.byteLength);
    this.#bytes += codeCache.byteLength;
    const dropped: string[] = [];
    for (const oldest of this.#sizes.keys()) {
      if (this.#sizes.size <= cacheMaxEntries && this.#bytes <= cacheMaxBytes) break;
      this.#forget(oldest);
      dropped.push(oldest);
    }
    await stored;
    await Promise.all(dropped.map((oldest) => this.#cache.del(oldest)));
  }

  /** V8 refused the code of an artifact. */
  async reject(_tenantId: string, key: string): Promise<void> {
    this.#forget(key);
    await this.#cache.del(key);
  }

  #forget(key: string): void {
    this.#bytes -= this.#sizes.get(key) ?? 0;
    this.#sizes.delete(key);
  }
}

import { createKeyv } from '@cacheable/memory';
import { Inject, Injectable } from '@nestjs/common';
import { createCache, type Cache } from 'cache-manager';
import type { CompiledOptions } from '../../config/options.schema.ts';
import { COMPILED_OPTIONS } from '../../config/options.token.ts';
import { artifactName } from './artifact-name.ts';
import type { Artifact } from './artifact.ts';
import { FairLedger } from './fair-ledger.ts';
import { SharedArtifacts, type SharedCacheStats } from './shared-artifacts.ts';

/** The cache of what VMs made of scripts, since the start. */
export interface CacheStats {
  /** Scripts and modules whose code was found, in the VM or in the cache. */
  readonly hits: number;
  /** Those that had to be compiled. */
  readonly misses: number;
  /** Artifacts whose code V8 refused. */
  readonly rejections: number;
  /** Artifacts that had to go because memory was full: by `cacheMaxEntries` or `cacheMaxBytes`. */
  readonly evictions: number;
  /** Artifacts in memory now. */
  readonly entries: number;
  /** What they take, in bytes. */
  readonly bytes: number;
  /** CPU time that the hits would have taken to compile, in milliseconds. */
  readonly compileMsSaved: number;
  /** The same for what instances share in Redis. */
  readonly shared: SharedCacheStats;
}

/** What VMs made of scripts, by tenant and `cacheKey`: in memory, bounded and fair to tenants, and behind that in Redis if configured. */
@Injectable()
export class ArtifactCache {
  readonly #options: CompiledOptions;
  readonly #cache: Cache;
  readonly #ledger: FairLedger;
  /** By the id of the entry, so that none is deleted before it is there. */
  readonly #storing = new Map<number, Promise<unknown>>();
  #evictions = 0;
  #rejections = 0;

  constructor(
    @Inject(COMPILED_OPTIONS) options: CompiledOptions,
    private readonly shared: SharedArtifacts,
  ) {
    this.#options = options;
    this.#cache = createCache({ stores: [createKeyv({ useClone: false, checkInterval: 0 })] });
    this.#ledger = new FairLedger(options.cacheMaxEntries, options.cacheMaxBytes);
  }

  stats(): Pick<CacheStats, 'entries' | 'bytes' | 'evictions' | 'rejections' | 'shared'> {
    return {
      entries: this.#ledger.entries,
      bytes: this.#ledger.bytes,
      evictions: this.#evictions,
      rejections: this.#rejections,
      shared: this.shared.stats(),
    };
  }

  /** Waits for Redis for `cacheRedisTimeoutMs` at most. What it has is kept in memory from then on. Never rejects. */
  async get(tenantId: string, key: string): Promise<Artifact | undefined> {
    if (!this.#options.cacheEnabled) return undefined;
    const id = this.#ledger.use(artifactName(tenantId, key));
    const kept = id === undefined ? undefined : await this.#read(id);
    if (kept) return kept;
    const found = await this.shared.get(tenantId, key);
    if (found) await this.#keep(tenantId, key, found);
    return found;
  }

  /** Only what is in memory, and that as if nobody had asked. */
  async peek(tenantId: string, key: string): Promise<Artifact | undefined> {
    const id = this.#ledger.find(artifactName(tenantId, key));
    return id === undefined ? undefined : this.#read(id);
  }

  /** Keeps an artifact, in place of what was kept under this key. Does not wait for Redis. */
  async set(tenantId: string, key: string, artifact: Artifact): Promise<void> {
    if (!this.#options.cacheEnabled) return;
    const kept = this.#keep(tenantId, key, artifact);
    this.shared.set(tenantId, key, artifact);
    await kept;
  }

  /** V8 refused the code of an artifact: forgets it. Does not wait for Redis. */
  async reject(tenantId: string, key: string): Promise<void> {
    this.#rejections++;
    const id = this.#ledger.remove(artifactName(tenantId, key));
    this.shared.delete(tenantId, key);
    if (id !== undefined) await this.#drop(id);
  }

  async #keep(tenantId: string, key: string, artifact: Artifact): Promise<void> {
    const bytes = sizeOf(artifact);
    const name = artifactName(tenantId, key);
    if (bytes > this.#options.cacheMaxBytes) {
      // What it would have replaced is no longer true.
      const outdated = this.#ledger.remove(name);
      if (outdated !== undefined) await this.#drop(outdated);
      return;
    }
    const { codeCache } = artifact;
    // A copy: what came out of a frame would keep the whole frame in memory.
    const own = { ...artifact, codeCache: codeCache && new Uint8Array(codeCache) };
    const { id, replaced, evicted } = this.#ledger.add(tenantId, name, bytes);
    this.#evictions += evicted.length;
    const stored = this.#cache.set(String(id), own).finally(() => this.#storing.delete(id));
    this.#storing.set(id, stored);
    const dropped = replaced === undefined ? evicted : [...evicted, replaced];
    await Promise.all([stored, ...dropped.map(async (old) => this.#drop(old))]);
  }

  async #read(id: number): Promise<Artifact | undefined> {
    await this.#storing.get(id);
    return this.#cache.get<Artifact>(String(id));
  }

  async #drop(id: number): Promise<void> {
    await this.#storing.get(id);
    await this.#cache.del(String(id));
  }
}

function sizeOf({ codeCache, javascript, imports }: Artifact): number {
  const importBytes = imports.reduce((sum, specifier) => sum + Buffer.byteLength(specifier), 0);
  return (codeCache?.byteLength ?? 0) + Buffer.byteLength(javascript ?? '') + importBytes;
}

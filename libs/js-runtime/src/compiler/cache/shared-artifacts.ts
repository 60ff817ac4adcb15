import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { CompiledOptions } from '../../config/options.schema.ts';
import { COMPILED_OPTIONS } from '../../config/options.token.ts';
import { decodeArtifact, encodeArtifact, MAX_ENCODED_BYTES } from './artifact-codec.ts';
import { artifactName } from './artifact-name.ts';
import { ArtifactSeal } from './artifact-seal.ts';
import type { Artifact } from './artifact.ts';
import { Breaker } from './breaker.ts';
import { NotConnectedError, RedisLink } from './redis-link.ts';
import { LateError } from './within.ts';

/** Of a value in Redis: base64, as Keyv's values are strings. */
const MAX_CHARS = 4 * Math.ceil((MAX_ENCODED_BYTES + 64) / 3);
/** Writes that Redis has not answered yet, and what they hold: what is beyond is not written. */
const MAX_WRITES = 64;
const MAX_WRITE_CHARS = 32 * 1024 * 1024;
/** How long the end of the application waits for the writes that are under way. */
const CLOSE_TIMEOUT_MS = 500;
/** Rejected entries are reported so often at most. */
const REPORT_INTERVAL_MS = 60_000;

export interface SharedCacheStats {
  /**
   * `off`: not configured, or closed. `connecting`: not reached yet. `down`: was not reached, was lost, or does not answer in
   * time; it is tried again and again.
   */
  readonly state: 'off' | 'connecting' | 'up' | 'down';
  /** Look-ups that found an artifact. */
  readonly hits: number;
  /** Look-ups that Redis answered, but with nothing that can be used. */
  readonly misses: number;
  /** Entries that were not sealed with our secret under their name, or are no artifact; each is a miss, and deleted. */
  readonly rejections: number;
  /** Commands that Redis refused or that were lost with the connection, and connections that were lost or could not be made. */
  readonly errors: number;
  /** Commands that were not answered in time. */
  readonly timeouts: number;
  /** Look-ups and writes that were not tried: Redis is down or refuses writes, too many are under way, the artifact is too large. */
  readonly skipped: number;
}

type Counter = Exclude<keyof SharedCacheStats, 'state'>;

/**
 * The artifacts that all instances share, in Redis. It is help, never needed: whatever happens, a look-up finds nothing after
 * `cacheRedisTimeoutMs` at the latest, and a write is forgotten. Nothing here rejects.
 */
@Injectable()
export class SharedArtifacts implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger('SharedArtifacts');
  readonly #ttlMs: number;
  readonly #counts: Record<Counter, number> = { hits: 0, misses: 0, rejections: 0, errors: 0, timeouts: 0, skipped: 0 };
  readonly #refusals = new Breaker();
  readonly #writes = new Set<Promise<void>>();
  #writeChars = 0;
  #link: RedisLink | undefined;
  #seal: ArtifactSeal | undefined;
  #reportNotBefore = 0;
  #rejectionsReported = 0;

  constructor(@Inject(COMPILED_OPTIONS) options: CompiledOptions) {
    const { cacheEnabled, cacheRedisUrl, cacheSecret, cacheRedisTimeoutMs, cacheRedisTtlMs } = options;
    this.#ttlMs = cacheRedisTtlMs;
    if (!cacheEnabled || cacheRedisUrl === undefined || cacheSecret === undefined) return;
    this.#seal = new ArtifactSeal(cacheSecret);
    this.#link = new RedisLink({
      url: cacheRedisUrl,
      timeoutMs: cacheRedisTimeoutMs,
      maxChars: MAX_CHARS,
      onChange: (problem) => {
        this.#report(problem);
      },
      onError: () => {
        this.#counts.errors++;
      },
    });
  }

  /** Begins to connect. The start of the application does not wait for it. */
  onModuleInit(): void {
    this.#link?.open();
  }

  /** Closes the connection, after half a second at the latest. From then on nothing is found. */
  async onApplicationShutdown(): Promise<void> {
    const link = this.#link;
    this.#link = this.#seal = undefined;
    if (!link) return;
    const timeout = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => {
      timeout.resolve(undefined);
    }, CLOSE_TIMEOUT_MS);
    await Promise.race([Promise.all(this.#writes), timeout.promise]);
    clearTimeout(timer);
    link.close();
  }

  stats(): SharedCacheStats {
    return { state: this.#link?.state ?? 'off', ...this.#counts };
  }

  /** @returns undefined when it is not there, or not to be had in time, or not ours */
  async get(tenantId: string, key: string): Promise<Artifact | undefined> {
    const link = this.#link;
    if (!link) return undefined;
    const name = artifactName(tenantId, key);
    try {
      const value = await link.get(name);
      const artifact = value === undefined ? undefined : this.#open(name, value);
      this.#counts[artifact ? 'hits' : 'misses']++;
      if (value !== undefined && !artifact) this.#rejected(tenantId, key);
      return artifact;
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  /** Writes in the background, if Redis takes it now. */
  set(tenantId: string, key: string, artifact: Artifact): void {
    const link = this.#link;
    if (!link || !this.#seal) return;
    // The last one counts on a try.
    if (!this.#mayWrite(link) || !this.#refusals.allows()) {
      this.#counts.skipped++;
      return;
    }
    const encoded = encodeArtifact(artifact);
    if (!encoded) {
      this.#counts.skipped++;
      this.#refusals.undecided();
      return;
    }
    const name = artifactName(tenantId, key);
    const value = this.#seal.seal(name, encoded).toString('base64');
    this.#inBackground(this.#follow(link.set(name, value, this.#ttlMs), link), value.length);
  }

  /** Deletes in the background, if Redis takes it now. */
  delete(tenantId: string, key: string): void {
    const link = this.#link;
    if (!link) return;
    if (this.#mayWrite(link)) this.#inBackground(link.delete(artifactName(tenantId, key)), 0);
    else this.#counts.skipped++;
  }

  /** Nothing of the value is looked at before its seal is. */
  #open(name: string, value: string): Artifact | undefined {
    if (value.length > MAX_CHARS) return undefined;
    const encoded = this.#seal?.open(name, Buffer.from(value, 'base64'));
    return encoded && decodeArtifact(encoded);
  }

  #mayWrite(link: RedisLink): boolean {
    return link.state === 'up' && this.#writes.size < MAX_WRITES && this.#writeChars < MAX_WRITE_CHARS;
  }

  #inBackground(work: Promise<void>, chars: number): void {
    this.#writeChars += chars;
    const write = work
      .catch((error: unknown) => {
        this.#failed(error);
      })
      .finally(() => {
        this.#writeChars -= chars;
        this.#writes.delete(write);
      });
    this.#writes.add(write);
  }

  /** A Redis that is full, or may only be read, says so: then writing pauses, while reading goes on. */
  async #follow(write: Promise<void>, link: RedisLink): Promise<void> {
    try {
      await write;
      if (this.#refusals.isOpen) this.#logger.log('Redis takes entries again');
      this.#refusals.succeeded();
    } catch (error) {
      const wasOpen = this.#refusals.isOpen;
      if (link.state === 'up') this.#refusals.failed();
      else this.#refusals.undecided();
      if (this.#refusals.isOpen && !wasOpen) this.#logger.warn(`Redis refuses entries: ${(error as Error).message}`);
      throw error;
    }
  }

  #failed(error: unknown): void {
    if (error instanceof NotConnectedError) this.#counts.skipped++;
    else if (error instanceof LateError) this.#counts.timeouts++;
    else this.#counts.errors++;
  }

  #rejected(tenantId: string, key: string): void {
    this.#counts.rejections++;
    this.delete(tenantId, key);
    const now = performance.now();
    if (now < this.#reportNotBefore) return;
    this.#reportNotBefore = now + REPORT_INTERVAL_MS;
    const count = this.#counts.rejections - this.#rejectionsReported;
    this.#rejectionsReported = this.#counts.rejections;
    this.#logger.warn(
      `${count} entries in Redis were not sealed with our secret, or are damaged; the last: ${artifactName(tenantId, key)}`,
    );
  }

  #report(problem: Error | undefined): void {
    if (problem) this.#logger.warn(`Redis cannot be used, which costs compilations: ${reasonOf(problem)}`);
    else this.#logger.log('Redis is connected: what VMs make of scripts is shared');
  }
}

/** Node joins the failures of several addresses without a message of their own. */
function reasonOf(error: Error & { errors?: readonly Error[] }): string {
  return error.message || (error.errors?.[0]?.message ?? error.name);
}

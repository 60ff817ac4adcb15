import { TokenBucket } from './token-bucket.ts';

/** How many seconds' lines may come at once. */
const BURST_SECONDS = 5;
/** How many times what one tenant may have all together may. */
const ALL_TENANTS = 10;
/** How often is told what was dropped. */
const WINDOW_MS = 10_000;

interface TenantLines {
  readonly bucket: TokenBucket;
  dropped: number;
}

/** How many lines tenants may write: each, and all together. */
export class LineLimiter {
  readonly #all: TokenBucket;
  /** Those that have written of late; who has not is as good as new. */
  readonly #tenants = new Map<string, TenantLines>();
  #window: NodeJS.Timeout | undefined;

  constructor(
    private readonly linesPerSecond: number,
    /** Told once in a window of each tenant that lost lines. */
    private readonly onDropped: (tenantId: string, lines: number) => void,
  ) {
    this.#all = bucketOf(linesPerSecond * ALL_TENANTS);
  }

  /** Whether the tenant may write a line now. One that may not is counted. */
  admit(tenantId: string): boolean {
    const lines = this.#linesOf(tenantId);
    if (!lines.bucket.has() || !this.#all.has()) {
      lines.dropped++;
      return false;
    }
    lines.bucket.take();
    this.#all.take();
    return true;
  }

  /** Tells at once what has not been told yet, and nothing any more. */
  close(): void {
    clearTimeout(this.#window);
    this.#tell();
    this.#tenants.clear();
  }

  #linesOf(tenantId: string): TenantLines {
    const known = this.#tenants.get(tenantId);
    if (known) return known;
    const lines = { bucket: bucketOf(this.linesPerSecond), dropped: 0 };
    this.#tenants.set(tenantId, lines);
    this.#window ??= setTimeout(this.#endWindow, WINDOW_MS).unref();
    return lines;
  }

  readonly #endWindow = (): void => {
    this.#tell();
    for (const [tenantId, { bucket }] of this.#tenants) if (bucket.isFull) this.#tenants.delete(tenantId);
    this.#window = this.#tenants.size > 0 ? setTimeout(this.#endWindow, WINDOW_MS).unref() : undefined;
  };

  #tell(): void {
    for (const [tenantId, lines] of this.#tenants) {
      if (lines.dropped > 0) this.onDropped(tenantId, lines.dropped);
      lines.dropped = 0;
    }
  }
}

function bucketOf(linesPerSecond: number): TokenBucket {
  return new TokenBucket(linesPerSecond, linesPerSecond * BURST_SECONDS);
}

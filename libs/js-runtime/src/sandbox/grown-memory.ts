const MIB = 1024 * 1024;

/** So much more than when it was new is left to the next execution at most, if it can be helped. */
const MAX_GROWTH_BYTES = 10 * MIB;
/** Less than this is not worth another isolate, when there is that much more all the same: Node's own code, above all, once it was needed. */
const WORTHWHILE_BYTES = 2 * MIB;

/**
 * Whether this process has kept more memory of an execution than the next one should have to live with: buffers that are
 * not on the heap, which V8 does not hurry to collect, or a heap that has grown.
 */
export class GrownMemory {
  readonly #idleBytes = process.memoryUsage.rss();
  #bytesWhenFreed = this.#idleBytes;

  hasGrown(): boolean {
    const bytes = process.memoryUsage.rss();
    return bytes - this.#idleBytes > MAX_GROWTH_BYTES && bytes - this.#bytesWhenFreed > WORTHWHILE_BYTES;
  }

  /** All has been freed that can be. */
  freed(): void {
    this.#bytesWhenFreed = process.memoryUsage.rss();
  }
}

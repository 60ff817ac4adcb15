import { openSync, readSync } from 'node:fs';
import { MEMORY_ALLOWANCE_MB } from '../protocol/messages.ts';

const MIB = 1024 * 1024;

/** So much more than when it was new is left to the next execution at most, if it can be helped. */
const MAX_GROWTH_BYTES = 10 * MIB;
/** And so much for each realm that is kept, up to all that they may have together: with more, the backend would end the process. */
const WARM_REALM_BYTES = 2 * MIB;
const MAX_WARM_BYTES = 16 * MIB;
/** With realms that are kept, and more than that, it does not matter what takes it: the backend would end the process soon. */
const MAX_GROWTH_WITH_WARM_BYTES = 30 * MIB;
/** Less than this is not worth another isolate, when there is that much more all the same. */
const WORTHWHILE_BYTES = 2 * MIB;

/**
 * Whether this process has kept more memory of an execution than the next one should have to live with: buffers that are
 * not on the heap, which V8 does not hurry to collect, or a heap that has grown.
 */
export class GrownMemory {
  readonly #bytes = privateBytesReader();
  readonly #idleBytes = this.#bytes();
  #bytesWhenFreed = this.#idleBytes;

  /** @param warmRealms how many are kept */
  hasGrown(warmRealms: number): boolean {
    return this.#isAbove(warmRealms) && this.#bytes() - this.#bytesWhenFreed > WORTHWHILE_BYTES;
  }

  /**
   * The same, after garbage was collected. What V8 has freed it gives back later, so what counts is what it has in use.
   *
   * @param heapBytes by how much its heap has grown
   */
  hasKept(heapBytes: number, warmRealms: number): boolean {
    if (heapBytes > allowedBytes(warmRealms)) return true;
    if (this.#bytes() - this.#idleBytes > MAX_GROWTH_WITH_WARM_BYTES) return true;
    this.freed();
    return false;
  }

  #isAbove(warmRealms: number): boolean {
    return this.#bytes() - this.#idleBytes > allowedBytes(warmRealms);
  }

  /** Whether an execution has more memory than it may, as the backend would judge it from outside. */
  exceeds(maxMemoryMb: number): boolean {
    return this.#bytes() - this.#idleBytes > (maxMemoryMb + MEMORY_ALLOWANCE_MB) * MIB;
  }

  /** All has been freed that can be. */
  freed(): void {
    this.#bytesWhenFreed = this.#bytes();
  }
}

function allowedBytes(warmRealms: number): number {
  return MAX_GROWTH_BYTES + Math.min(warmRealms * WARM_REALM_BYTES, MAX_WARM_BYTES);
}

/** Reads memory that is this process's alone, as the backend does from outside; where there is no such file, all that is resident. */
function privateBytesReader(): () => number {
  let file: number;
  try {
    // Once and for all: this process is not left to open anything later.
    file = openSync('/proc/self/statm', 'r');
  } catch {
    return () => process.memoryUsage.rss();
  }
  const buffer = Buffer.alloc(256);
  const read = (): [resident: number, shared: number] => {
    const [, resident = 0, shared = 0] = buffer
      .toString('latin1', 0, readSync(file, buffer, 0, buffer.byteLength, 0))
      .split(' ')
      .map(Number);
    return [resident, shared];
  };
  const pageBytes = process.memoryUsage.rss() / read()[0];
  return () => {
    const [resident, shared] = read();
    return (resident - shared) * pageBytes;
  };
}

import { openSync, readSync } from 'node:fs';
import { MEMORY_ALLOWANCE_MB } from '../protocol/messages.ts';

const MIB = 1024 * 1024;

/** So much more than when it was new is left to the next execution at most, if it can be helped. */
const MAX_GROWTH_BYTES = 10 * MIB;
/** So much is left, where realms are kept, until the backend would end the process. */
const MIN_ROOM_BYTES = 18 * MIB;
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

  /** @param keptBytes what is on the heap, where that is judged by itself: warm realms may keep some */
  hasGrown(keptBytes = 0): boolean {
    const bytes = this.#bytes();
    return this.#growthOf(bytes) - keptBytes > MAX_GROWTH_BYTES && bytes - this.#bytesWhenFreed > WORTHWHILE_BYTES;
  }

  /** Whether the next invocation of a warm realm could have it ended. */
  isNearLimit(maxMemoryMb: number): boolean {
    return this.#growthOf(this.#bytes()) > limitBytes(maxMemoryMb) - MIN_ROOM_BYTES;
  }

  /** Whether an execution has more memory than it may, as the backend would judge it from outside. */
  exceeds(maxMemoryMb: number): boolean {
    return this.#growthOf(this.#bytes()) > limitBytes(maxMemoryMb);
  }

  /** All has been freed that can be. */
  freed(): void {
    this.#bytesWhenFreed = this.#bytes();
  }

  #growthOf(bytes: number): number {
    return bytes - this.#idleBytes;
  }
}

function limitBytes(maxMemoryMb: number): number {
  return (maxMemoryMb + MEMORY_ALLOWANCE_MB) * MIB;
}

/** Reads memory that is this process's alone, as the backend does from outside; where there is no such file, all that is resident. */
function privateBytesReader(): () => number {
  // Opens a file itself, for a moment.
  const residentBytes = process.memoryUsage.rss();
  let file: number;
  try {
    // Once and for all, and the last of all: this process is not left to open anything later.
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
  const pageBytes = residentBytes / read()[0];
  return () => {
    const [resident, shared] = read();
    return (resident - shared) * pageBytes;
  };
}

import { MAX_WARM_SHARE } from '../protocol/messages.ts';

const MIB = 1024 * 1024;
/** Above this share of the limit nothing is collected: to find that all of it is in use would be the end of the process. */
const FULL_SHARE = 7 / 8;

/** Judges what the warm realms of one isolate keep on its heap. Whoever runs there has what they leave of its limit. */
export class KeptHeap {
  readonly #mostBytes: number;
  readonly #fullBytes: number;
  /** With less in use there is nothing to find out. */
  #lookAbove: number;

  constructor(maxMemoryMb: number) {
    this.#mostBytes = maxMemoryMb * MAX_WARM_SHARE * MIB;
    this.#fullBytes = maxMemoryMb * FULL_SHARE * MIB;
    this.#lookAbove = this.#mostBytes;
  }

  /**
   * @param heapBytes what is in use, with all that is garbage
   * @param collect collects that, and tells what is left
   */
  isTooMuch(heapBytes: number, collect: () => number): boolean {
    if (heapBytes <= this.#lookAbove) return false;
    if (heapBytes > this.#fullBytes) return true;
    const keptBytes = collect();
    if (keptBytes > this.#mostBytes) return true;
    // Where nearly as much is kept as may be, the next little garbage is not worth another collection.
    this.#lookAbove = Math.max(this.#mostBytes, (keptBytes + this.#fullBytes) / 2);
    return false;
  }
}

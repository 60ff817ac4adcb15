const LENGTH_BYTES = 4;
/** What is counted when a stream ends otherwise than a frame does: then it does not consist of such frames, and their count means nothing. */
export const UNFINISHED = 'unfinished frames';

/**
 * Counts the frames in a stream of bytes. All that it knows of them is that each begins with its length, in 32 bits, of what
 * follows.
 */
export class FrameCounter {
  readonly #length = Buffer.alloc(LENGTH_BYTES);
  #lengthBytes = 0;
  #missing = 0;

  /** Whether the stream ends where a frame does. */
  get isAtEnd(): boolean {
    return this.#missing === 0 && this.#lengthBytes === 0;
  }

  /** How many frames end in these bytes. */
  push(bytes: Uint8Array): number {
    let frames = 0;
    for (let offset = 0; offset < bytes.byteLength;) {
      if (this.#missing === 0) {
        this.#length[this.#lengthBytes++] = bytes[offset++] ?? 0;
        if (this.#lengthBytes < LENGTH_BYTES) continue;
        this.#lengthBytes = 0;
        this.#missing = this.#length.readUInt32BE(0);
      } else {
        const taken = Math.min(this.#missing, bytes.byteLength - offset);
        offset += taken;
        this.#missing -= taken;
      }
      if (this.#missing === 0) frames++;
    }
    return frames;
  }
}

const FIRST_BYTES = 16 * 1024;

/**
 * What has come of a body. Copied together as it comes: a server may send it byte by byte, and kept one by one these would
 * take a hundred times their size.
 */
export class BodyBytes {
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, length, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
  }

  /** As UTF-8 without a byte order mark; what is none becomes U+FFFD. */
  toText(): string {
    return new TextDecoder().decode(this.#bytes.subarray(0, this.#length));
  }
}

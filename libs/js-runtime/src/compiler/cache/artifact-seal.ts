import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** Names the purpose, so that the same secret used elsewhere gives another key. */
const PURPOSE = 'js-runtime shared artifacts, HMAC-SHA256, v1';
const MAC_BYTES = 32;

/**
 * Makes artifacts known again as our own, each under its name only. V8 does not verify code that it loads: who can forge it
 * runs native code in a VM process.
 */
export class ArtifactSeal {
  readonly #key: Uint8Array;

  /** @param secret of good randomness; the same for all that share */
  constructor(secret: string) {
    this.#key = new Uint8Array(hkdfSync('sha256', secret, '', PURPOSE, 32));
  }

  /** @param name that the payload will be found under */
  seal(name: string, payload: Uint8Array): Buffer {
    return Buffer.concat([this.#macOf(name, payload), payload]);
  }

  /** @returns the payload, or undefined when it was not sealed with our secret, under this name, as it is now */
  open(name: string, sealed: Buffer): Buffer | undefined {
    if (sealed.byteLength < MAC_BYTES) return undefined;
    const payload = sealed.subarray(MAC_BYTES);
    return timingSafeEqual(sealed.subarray(0, MAC_BYTES), this.#macOf(name, payload)) ? payload : undefined;
  }

  #macOf(name: string, payload: Uint8Array): Buffer {
    const nameBytes = Buffer.from(name);
    const length = Buffer.alloc(4);
    // Without it, the end of a name could pass for the beginning of a payload.
    length.writeUInt32BE(nameBytes.byteLength);
    return createHmac('sha256', this.#key).update(length).update(nameBytes).update(payload).digest();
  }
}

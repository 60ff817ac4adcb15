import { isTooDeep } from './json-depth.ts';

/**
 * The wire format between the backend and a VM process, both ways:
 *
 *     u32 length of what follows | u32 header length | header (JSON) | { u32 length | bytes }*
 *
 * Numbers are big-endian. The header is small JSON; whatever is already text or bytes (source, input, result, code
 * cache) travels beside it as an attachment, so that it is never encoded twice.
 */
export interface Frame {
  readonly header: unknown;
  readonly attachments: readonly Buffer[];
}

/** The bytes that arrived are not a frame, or are more than was agreed: the sender is broken or hostile. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/**
 * Text that came as bytes.
 *
 * @throws ProtocolError for more than a string can have; limits can be that high
 */
export function textOf(bytes: Buffer): string {
  try {
    return bytes.toString('utf8');
  } catch (cause) {
    throw new ProtocolError(`text of ${bytes.byteLength} bytes`, { cause });
  }
}

const LENGTH_BYTES = 4;
/** The most that a VM's messages have; without a bound, a frame of empty attachments would cost much more than its bytes. */
const MAX_ATTACHMENTS = 2;

export function encodeFrame(header: object, attachments: readonly (string | Uint8Array)[] = []): Buffer {
  const headerText = JSON.stringify(header);
  const headerBytes = Buffer.byteLength(headerText);
  let bodyBytes = LENGTH_BYTES + headerBytes;
  for (const part of attachments) {
    bodyBytes += LENGTH_BYTES + (typeof part === 'string' ? Buffer.byteLength(part) : part.byteLength);
  }
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + bodyBytes);
  let offset = frame.writeUInt32BE(bodyBytes, 0);
  offset = frame.writeUInt32BE(headerBytes, offset);
  offset += frame.write(headerText, offset);
  for (const part of attachments) {
    const start = offset + LENGTH_BYTES;
    let bytes = part.length;
    if (typeof part !== 'string') frame.set(part, start);
    else if (bytes > 0) bytes = frame.write(part, start);
    frame.writeUInt32BE(bytes, offset);
    offset = start + bytes;
  }
  return frame;
}

/**
 * Cuts a byte stream into frames. A frame announced as longer than `maxFrameBytes` is refused before anything of it is
 * kept; what is kept is one buffer of the announced length, however small the pieces that it arrives in.
 */
export class FrameDecoder {
  #maxFrameBytes: number;
  #maxHeaderBytes: number;
  readonly #maxAttachments: number;
  readonly #lengthField = Buffer.alloc(LENGTH_BYTES);
  #lengthBytes = 0;
  /** The body being received, once its length is known. */
  #body: Buffer | undefined;
  #bodyBytes = 0;

  constructor(maxFrameBytes: number, maxHeaderBytes = maxFrameBytes, maxAttachments = MAX_ATTACHMENTS) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#maxHeaderBytes = maxHeaderBytes;
    this.#maxAttachments = maxAttachments;
  }

  /** Changes what is allowed, from the next frame on. */
  allow(maxFrameBytes: number, maxHeaderBytes: number): void {
    this.#maxFrameBytes = maxFrameBytes;
    this.#maxHeaderBytes = maxHeaderBytes;
  }

  /**
   * Takes what has arrived, and hands over each frame that is complete with it.
   *
   * @throws ProtocolError when the stream breaks the format; the decoder is then of no further use. And what `onFrame` throws.
   */
  push(chunk: Buffer, onFrame: (frame: Frame) => void): void {
    let offset = 0;
    while (offset < chunk.byteLength) {
      if (!this.#body) {
        const copied = chunk.copy(this.#lengthField, this.#lengthBytes, offset);
        offset += copied;
        this.#lengthBytes += copied;
        if (this.#lengthBytes < LENGTH_BYTES) return;
        this.#body = this.#bodyOf(this.#lengthField.readUInt32BE(0));
      }
      const copied = chunk.copy(this.#body, this.#bodyBytes, offset);
      offset += copied;
      this.#bodyBytes += copied;
      if (this.#bodyBytes < this.#body.byteLength) return;
      const body = this.#body;
      this.#body = undefined;
      this.#bodyBytes = this.#lengthBytes = 0;
      onFrame(decodeBody(body, this.#maxHeaderBytes, this.#maxAttachments));
    }
  }

  #bodyOf(bytes: number): Buffer {
    if (bytes > this.#maxFrameBytes) {
      throw new ProtocolError(`frame of ${bytes} bytes, at most ${this.#maxFrameBytes} are allowed`);
    }
    if (bytes < LENGTH_BYTES) throw new ProtocolError(`frame of ${bytes} bytes, too short for a header`);
    return Buffer.allocUnsafe(bytes);
  }
}

function decodeBody(body: Buffer, maxHeaderBytes: number, maxAttachments: number): Frame {
  let offset = 0;
  const part = (): Buffer => {
    if (offset + LENGTH_BYTES > body.byteLength) throw new ProtocolError('frame ends inside a length field');
    const end = offset + LENGTH_BYTES + body.readUInt32BE(offset);
    if (end > body.byteLength) throw new ProtocolError('a part is longer than its frame');
    const bytes = body.subarray(offset + LENGTH_BYTES, end);
    offset = end;
    return bytes;
  };
  const headerBytes = part();
  if (headerBytes.byteLength > maxHeaderBytes) throw new ProtocolError(`header of ${headerBytes.byteLength} bytes`);
  const headerText = textOf(headerBytes);
  if (isTooDeep(headerText)) throw new ProtocolError('the header is nested too deep');
  const attachments: Buffer[] = [];
  while (offset < body.byteLength) {
    if (attachments.length === maxAttachments) throw new ProtocolError(`more than ${maxAttachments} attachments`);
    attachments.push(part());
  }
  try {
    return { header: JSON.parse(headerText) as unknown, attachments };
  } catch {
    throw new ProtocolError('the header is not JSON');
  }
}

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

const LENGTH_BYTES = 4;
/** The most that any message has; without a bound, a frame of empty attachments would cost much more than its bytes. */
const MAX_ATTACHMENTS = 4;

export function encodeFrame(header: object, attachments: readonly (string | Uint8Array)[] = []): Buffer {
  const headerText = JSON.stringify(header);
  const headerBytes = Buffer.byteLength(headerText);
  const sizes = attachments.map((part) => (typeof part === 'string' ? Buffer.byteLength(part) : part.byteLength));
  const bodyBytes = sizes.reduce((sum, size) => sum + LENGTH_BYTES + size, LENGTH_BYTES + headerBytes);
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + bodyBytes);
  let offset = frame.writeUInt32BE(bodyBytes, 0);
  offset = frame.writeUInt32BE(headerBytes, offset);
  offset += frame.write(headerText, offset);
  for (const [index, part] of attachments.entries()) {
    offset = frame.writeUInt32BE(sizes[index] ?? 0, offset);
    if (typeof part === 'string') {
      offset += frame.write(part, offset);
    } else {
      frame.set(part, offset);
      offset += part.byteLength;
    }
  }
  return frame;
}

/** Cuts a byte stream into frames. A frame announced as longer than `maxFrameBytes` is refused before it is buffered. */
export class FrameDecoder {
  readonly #maxFrameBytes: number;
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** Body length of the frame being received, once its length field has arrived. */
  #expected: number | undefined;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** @throws ProtocolError when the stream breaks the format; the decoder is then of no further use. */
  *push(chunk: Buffer): Generator<Frame> {
    this.#chunks.push(chunk);
    this.#buffered += chunk.byteLength;
    for (;;) {
      if (this.#expected === undefined) {
        if (this.#buffered < LENGTH_BYTES) return;
        this.#expected = this.#take(LENGTH_BYTES).readUInt32BE(0);
        if (this.#expected > this.#maxFrameBytes) {
          throw new ProtocolError(`frame of ${this.#expected} bytes, at most ${this.#maxFrameBytes} are allowed`);
        }
      }
      if (this.#buffered < this.#expected) return;
      const body = this.#take(this.#expected);
      this.#expected = undefined;
      yield decodeBody(body);
    }
  }

  #take(bytes: number): Buffer {
    const [first] = this.#chunks;
    const all = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks, this.#buffered);
    const rest = all.subarray(bytes);
    this.#chunks = rest.byteLength > 0 ? [rest] : [];
    this.#buffered = rest.byteLength;
    return all.subarray(0, bytes);
  }
}

function decodeBody(body: Buffer): Frame {
  let offset = 0;
  const part = (): Buffer => {
    if (offset + LENGTH_BYTES > body.byteLength) throw new ProtocolError('frame ends inside a length field');
    const end = offset + LENGTH_BYTES + body.readUInt32BE(offset);
    if (end > body.byteLength) throw new ProtocolError('a part is longer than its frame');
    const bytes = body.subarray(offset + LENGTH_BYTES, end);
    offset = end;
    return bytes;
  };
  const headerText = part().toString('utf8');
  const attachments: Buffer[] = [];
  while (offset < body.byteLength) {
    if (attachments.length === MAX_ATTACHMENTS) throw new ProtocolError(`more than ${MAX_ATTACHMENTS} attachments`);
    attachments.push(part());
  }
  try {
    return { header: JSON.parse(headerText) as unknown, attachments };
  } catch {
    throw new ProtocolError('the header is not JSON');
  }
}

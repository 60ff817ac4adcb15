import { ProtocolError, textOf } from './frame.ts';

/**
 * What an invocation of a warm realm mostly comes to: a value, or none, and nothing logged. There may be a hundred thousand a second, so
 * this is no JSON with a header:
 *
 *     u32 length of what follows | u32 0 | u48 id | u32 CPU in microseconds | u32 heap in KiB | u8 whether there is a value | value (JSON)
 */
export interface PlainAnswer {
  readonly id: number;
  readonly cpuMs: number;
  readonly heapBytes: number;
  /** Undefined for `undefined`. */
  readonly resultJson: string | undefined;
  readonly resultBytes: number;
}

const LENGTH_BYTES = 4;
/** What is before the value, its two length fields not included. */
const FIXED_BYTES = 15;
/** At a hundred thousand a second, four bytes are used up within half a day. */
const ID_BYTES = 6;
const KIB = 1024;
const US_PER_MS = 1000;
const MAX_UINT32 = 2 ** 32 - 1;

export function encodePlainAnswer({ id, cpuMs, heapBytes, resultJson }: Omit<PlainAnswer, 'resultBytes'>): Buffer {
  const bytes = resultJson === undefined ? 0 : Buffer.byteLength(resultJson);
  const frame = Buffer.allocUnsafe(2 * LENGTH_BYTES + FIXED_BYTES + bytes);
  let offset = frame.writeUInt32BE(LENGTH_BYTES + FIXED_BYTES + bytes, 0);
  offset = frame.writeUInt32BE(0, offset);
  offset = frame.writeUIntBE(id, offset, ID_BYTES);
  offset = frame.writeUInt32BE(Math.min(Math.round(cpuMs * US_PER_MS), MAX_UINT32), offset);
  offset = frame.writeUInt32BE(Math.min(Math.round(heapBytes / KIB), MAX_UINT32), offset);
  offset = frame.writeUInt8(resultJson === undefined ? 0 : 1, offset);
  if (resultJson !== undefined) frame.write(resultJson, offset);
  return frame;
}

/** @param body what follows the length fields @throws ProtocolError */
export function decodePlainAnswer(body: Buffer): PlainAnswer {
  const resultBytes = body.byteLength - FIXED_BYTES;
  const kind = resultBytes < 0 ? undefined : body[FIXED_BYTES - 1];
  const isWhole = kind === 1 ? resultBytes > 0 : kind === 0 && resultBytes === 0;
  if (!isWhole) throw new ProtocolError('an answer that is none');
  return {
    id: body.readUIntBE(0, ID_BYTES),
    cpuMs: body.readUInt32BE(ID_BYTES) / US_PER_MS,
    heapBytes: body.readUInt32BE(ID_BYTES + 4) * KIB,
    resultJson: kind === 0 ? undefined : textOf(body.subarray(FIXED_BYTES)),
    resultBytes,
  };
}

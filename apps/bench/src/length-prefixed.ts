import type { Readable } from 'node:stream';

export interface Message {
  readonly id: number;
  readonly text: string;
}

const LENGTH_BYTES = 4;

/** `u32 length | JSON`, the least that messages on a pipe can be. */
export function encodeMessage(message: Message): Buffer {
  const json = JSON.stringify(message);
  const bytes = Buffer.byteLength(json);
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + bytes);
  frame.writeUInt32BE(bytes, 0);
  frame.write(json, LENGTH_BYTES);
  return frame;
}

export function decodeMessages(from: Readable, onMessage: (message: Message) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  from.on('data', (chunk: Buffer) => {
    rest = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.byteLength >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + rest.readUInt32BE(0);
      if (rest.byteLength < end) return;
      const json = rest.toString('utf8', LENGTH_BYTES, end);
      rest = rest.subarray(end);
      onMessage(JSON.parse(json) as Message);
    }
  });
}

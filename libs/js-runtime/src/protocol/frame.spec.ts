import { encodeFrame, FrameDecoder, ProtocolError, textOf, type Frame } from './frame.ts';

const MAX_FRAME_BYTES = 1024;

/** A frame of exactly these parts, as somebody would write it who does not use `encodeFrame`. */
function frameOf(...parts: readonly Buffer[]): Buffer {
  return lengthPrefixed(Buffer.concat(parts.map(lengthPrefixed)));
}

function lengthPrefixed(bytes: Buffer): Buffer {
  return Buffer.concat([u32(bytes.byteLength), bytes]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function decode(...chunks: readonly Buffer[]): Frame[] {
  const decoder = new FrameDecoder(MAX_FRAME_BYTES);
  return chunks.flatMap((chunk) => pushed(decoder, chunk));
}

function pushed(decoder: FrameDecoder, chunk: Buffer): Frame[] {
  const frames: Frame[] = [];
  decoder.push(chunk, (frame) => frames.push(frame));
  return frames;
}

/** Frames with their attachments as text. */
function readable(frames: readonly Frame[]): { header: unknown; attachments: string[] }[] {
  return frames.map(({ header, attachments }) => ({ header, attachments: attachments.map((part) => part.toString()) }));
}

describe('encodeFrame', () => {
  it('writes lengths in bytes, big-endian, before each part', () => {
    expect(encodeFrame({ a: 'ä' }, ['ö', Uint8Array.of(1, 2)])).toEqual(
      Buffer.concat([
        u32(4 + 10 + 4 + 2 + 4 + 2),
        u32(10),
        Buffer.from('{"a":"ä"}'),
        u32(2),
        Buffer.from('ö'),
        u32(2),
        Buffer.of(1, 2),
      ]),
    );
  });
});

describe('FrameDecoder', () => {
  const first = { header: { type: 'run', id: 1 }, attachments: ['return "grüße 🎉"', ''] };
  const second = { header: { type: 'reset', id: 2 }, attachments: [] };
  const stream = Buffer.concat([
    encodeFrame(first.header, first.attachments),
    encodeFrame(second.header, second.attachments),
  ]);

  it('gives back what was encoded', () => {
    expect(readable(decode(stream))).toEqual([first, second]);
  });

  it('gives back bytes as they were', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const [frame] = decode(encodeFrame({}, [bytes]));
    expect(frame?.attachments).toEqual([Buffer.from(bytes)]);
  });

  it('does not mind where the stream is cut', () => {
    const bytewise = Array.from(stream, (byte) => Buffer.of(byte));
    expect(readable(decode(...bytewise))).toEqual([first, second]);
    for (let cut = 0; cut <= stream.byteLength; cut++) {
      expect(readable(decode(stream.subarray(0, cut), stream.subarray(cut)))).toEqual([first, second]);
    }
  });

  it('yields a frame as soon as its last byte is there, and nothing before', () => {
    const decoder = new FrameDecoder(MAX_FRAME_BYTES);
    const frame = encodeFrame(second.header);
    expect(pushed(decoder, frame.subarray(0, -1))).toEqual([]);
    expect(readable(pushed(decoder, frame.subarray(-1)))).toEqual([second]);
    expect(pushed(decoder, Buffer.alloc(0))).toEqual([]);
  });

  it('takes a frame of the length that is allowed', () => {
    const overhead = encodeFrame({}, ['']).byteLength - 4;
    const [frame] = decode(encodeFrame({}, ['x'.repeat(MAX_FRAME_BYTES - overhead)]));
    expect(frame?.attachments[0]?.byteLength).toBe(MAX_FRAME_BYTES - overhead);
  });

  it.each([MAX_FRAME_BYTES + 1, 2 ** 32 - 1])('refuses a frame announced as %i bytes before it arrives', (length) => {
    expect(() => decode(u32(length))).toThrow(ProtocolError);
  });

  it.each([
    ['is empty', lengthPrefixed(Buffer.alloc(0)), 'too short for a header'],
    ['ends inside the header length', lengthPrefixed(Buffer.of(0, 0)), 'too short for a header'],
    ['has a header longer than itself', lengthPrefixed(Buffer.concat([u32(3), Buffer.from('{}')])), 'longer than'],
    ['ends inside an attachment length', lengthPrefixed(Buffer.concat([u32(2), Buffer.from('{}x')])), 'inside a'],
    [
      'has an attachment longer than itself',
      lengthPrefixed(Buffer.concat([u32(2), Buffer.from('{}'), u32(2 ** 32 - 1)])),
      'longer than its frame',
    ],
    ['has a header that is not JSON', frameOf(Buffer.from('{"a":')), 'not JSON'],
    ['has a header that is not UTF-8', frameOf(Buffer.of(0xff, 0xfe)), 'not JSON'],
  ])('refuses a frame that %s', (_, bytes, problem) => {
    const error = { name: 'ProtocolError', message: expect.stringContaining(problem) };
    expect(() => decode(bytes)).toThrow(expect.objectContaining(error));
  });

  it('hands over what comes without a header as it is', () => {
    const body = Buffer.concat([Buffer.alloc(4), Buffer.from('anything')]);
    expect(decode(lengthPrefixed(body))).toEqual([{ header: undefined, attachments: [Buffer.from('anything')] }]);
  });

  it('takes as many attachments as it is told', () => {
    const frame = encodeFrame({}, ['1', '2', '3']);
    expect(() => decode(frame)).toThrow('more than 2 attachments');
    const [decoded] = pushed(new FrameDecoder(MAX_FRAME_BYTES, MAX_FRAME_BYTES, 3), frame);
    expect(decoded?.attachments).toHaveLength(3);
  });

  it('hands out the frames before the one that it refuses', () => {
    const received: Frame[] = [];
    const decoder = new FrameDecoder(MAX_FRAME_BYTES);
    expect(() => {
      decoder.push(Buffer.concat([stream, frameOf(Buffer.from('{'))]), (frame) => received.push(frame));
    }).toThrow(ProtocolError);
    expect(readable(received)).toEqual([first, second]);
  });
});

describe('textOf', () => {
  it('reads text', () => {
    expect(textOf(Buffer.from('ä\u0000€'))).toBe('ä\u0000€');
  });

  it('takes more than a string can have for a breach of the protocol', () => {
    // Never written to, so that it takes next to no memory.
    const bytes = Buffer.alloc(2 ** 29);
    expect(() => textOf(bytes)).toThrow(ProtocolError);
  });
});

import { FrameCounter } from './frame-counter.ts';

function frame(bytes: number): Buffer {
  const frame = Buffer.alloc(4 + bytes, 'x');
  frame.writeUInt32BE(bytes);
  return frame;
}

const FRAMES = [frame(0), frame(1), frame(300), frame(70_000)];
const STREAM = Buffer.concat(FRAMES);

describe('FrameCounter', () => {
  it.each([1, 2, 3, 5, 1000, STREAM.byteLength])('counts frames that come in pieces of %i bytes', (size) => {
    const counter = new FrameCounter();
    let frames = 0;
    for (let start = 0; start < STREAM.byteLength; start += size) {
      frames += counter.push(STREAM.subarray(start, start + size));
    }
    expect(frames).toBe(FRAMES.length);
    expect(counter.isAtEnd).toBe(true);
  });

  it.each([1, 3, 4, 5])('notices that %i bytes are missing', (missing) => {
    const counter = new FrameCounter();
    counter.push(frame(5).subarray(missing));
    expect(counter.isAtEnd).toBe(false);
  });
});

import { FrameDecoder, ProtocolError, type Frame } from './frame.ts';
import { decodePlainAnswer, encodePlainAnswer, type PlainAnswer } from './plain-answer.ts';

function throughThePipe(answer: Omit<PlainAnswer, 'resultBytes'>): PlainAnswer {
  const frames: Frame[] = [];
  new FrameDecoder(1000).push(encodePlainAnswer(answer), (frame) => frames.push(frame));
  expect(frames).toHaveLength(1);
  expect(frames[0]?.header).toBeUndefined();
  return decodePlainAnswer(frames[0]?.attachments[0] ?? Buffer.alloc(0));
}

describe('A plain answer', () => {
  it.each([
    ['a value', '{"a":1}', 7],
    ['a value of characters that take several bytes', '"é€😀"', 11],
    ['none', undefined, 0],
  ])('brings %s', (_, resultJson, resultBytes) => {
    const answer = { id: 7, cpuMs: 1.25, heapBytes: 3 * 1024, resultJson };
    expect(throughThePipe(answer)).toEqual({ ...answer, resultBytes });
  });

  it.each([2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1])('has an id as large as %i', (id) => {
    expect(throughThePipe({ id, cpuMs: 0, heapBytes: 0, resultJson: '1' }).id).toBe(id);
  });

  it('has no more CPU and heap than it has room for', () => {
    const { cpuMs, heapBytes } = throughThePipe({ id: 1, cpuMs: 1e12, heapBytes: 1e18, resultJson: undefined });
    expect(cpuMs).toBe((2 ** 32 - 1) / 1000);
    expect(heapBytes).toBe((2 ** 32 - 1) * 1024);
  });

  it.each([
    ['is too short', Buffer.alloc(14)],
    ['is empty', Buffer.alloc(0)],
    ['says that it is neither', Buffer.alloc(15, 2)],
    ['has a value and says that it has none', Buffer.alloc(16)],
  ])('that %s is none', (_, body) => {
    expect(() => decodePlainAnswer(body)).toThrow(ProtocolError);
  });
});

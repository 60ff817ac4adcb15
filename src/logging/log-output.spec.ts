import { once } from 'node:events';
import { Writable } from 'node:stream';
import { LogOutput } from './log-output.ts';

/** Reads nothing until it is told to. */
class StalledStream extends Writable {
  readonly lines: string[] = [];
  #isReading = false;
  #next: (() => void) | undefined;

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.lines.push(chunk.toString());
    if (this.#isReading) done();
    else this.#next = done;
  }

  read(): void {
    this.#isReading = true;
    this.#next?.();
  }
}

describe('LogOutput', () => {
  it('drops lines when nobody reads, and says so when somebody does again', async () => {
    const stream = new StalledStream({ highWaterMark: 1 });
    const output = new LogOutput(stream, undefined, 100);
    const line = `${'x'.repeat(59)}\n`;
    for (let n = 0; n < 5; n++) output.write(line);
    const drained = once(stream, 'drain');
    stream.read();
    await drained;
    output.write(line);
    const last = stream.lines.slice(-2);
    expect(JSON.parse(last[0] ?? '')).toMatchObject({
      level: 'warn',
      msg: '3 lines were dropped: the log was not read',
    });
    expect(last[1]).toBe(line);
    expect(stream.lines).toHaveLength(4);
  });

  it('does not end the process when there is no reader any more', () => {
    const stream = new StalledStream();
    new LogOutput(stream).write('a\n');
    expect(() => stream.emit('error', new Error('EPIPE'))).not.toThrow();
  });

  it('writes JSON that no reader takes for more than one line', () => {
    const stream = new StalledStream();
    const msg = 'a\nb\rc\u0085d\u2028e\u2029f\u009bg\u202eh\u007f';
    new LogOutput(stream).write(`${JSON.stringify({ msg })}\n`);
    const [line = ''] = stream.lines;
    expect(line).toMatch(/^[\x20-\x7e]*\n$/);
    expect(JSON.parse(line)).toEqual({ msg });
  });
});

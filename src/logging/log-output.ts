import type { Writable } from 'node:stream';
import { escapeControls } from './escape-controls.ts';
import { redactLine } from './redact-line.ts';

/** What a reader that has stalled may cost in memory; then lines are dropped. */
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;

/**
 * Where pino's lines go. Not pino's own destination: that one blocks the process when nobody reads, and a backend is not to
 * stand still with whoever collects its logs.
 */
export class LogOutput {
  #dropped = 0;

  constructor(
    private readonly stream: Writable,
    /** Makes what is written of a line of JSON. */
    private readonly format: (line: string) => string = (line) => line,
    private readonly maxBufferedBytes = MAX_BUFFERED_BYTES,
  ) {
    // Nobody reads any more: no reason to end.
    stream.on('error', () => undefined);
  }

  write(line: string): void {
    if (this.stream.writableLength > this.maxBufferedBytes) {
      this.#dropped++;
      return;
    }
    if (this.#dropped > 0) {
      const msg = `${this.#dropped} lines were dropped: the log was not read`;
      this.#dropped = 0;
      this.#put(`${JSON.stringify({ level: 'warn', time: new Date().toISOString(), context: 'Log', msg })}\n`);
    }
    this.#put(line);
  }

  #put(line: string): void {
    this.stream.write(this.format(escapeControls(redactLine(line))));
  }
}

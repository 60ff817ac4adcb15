import type { LogEntry } from '../protocol/messages.ts';
import { isOurs } from './script-position.ts';

const CUT: LogEntry = { level: 'warn', message: '[log limit reached: further output was dropped]' };

/**
 * A realm's log as it is handed over. The realm bounds it by UTF-16 code units; here bytes are counted, and what does
 * not fit is dropped. The entry that says so is not counted.
 */
export function readLogs(json: string, maxLogBytes: number): LogEntry[] {
  if (json === '') return [];
  const { entries, cut } = JSON.parse(json) as { entries: LogEntry[]; cut: boolean };
  const kept: LogEntry[] = [];
  let bytesLeft = maxLogBytes;
  for (const { level, message } of entries) {
    const text = withoutOurFrames(message);
    const bytes = Buffer.from(text);
    if (bytes.byteLength > bytesLeft) {
      // As a stream, so that half a character at the end is left out.
      const start = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, bytesLeft), {
        stream: true,
      });
      if (start !== '') kept.push({ level, message: start });
      return [...kept, CUT];
    }
    bytesLeft -= bytes.byteLength;
    kept.push({ level, message: text });
  }
  return cut ? [...kept, CUT] : kept;
}

/** A logged error shows the script's own frames. */
function withoutOurFrames(message: string): string {
  if (!message.includes('\n')) return message;
  return message
    .split('\n')
    .filter((line) => !isOurs(line))
    .join('\n');
}

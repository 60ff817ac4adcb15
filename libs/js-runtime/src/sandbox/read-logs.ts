import type { LogEntry } from '../protocol/messages.ts';

/** The realm bounds its log by UTF-16 code units; this is where bytes are counted. */
export function readLogs(json: string, maxLogBytes: number): LogEntry[] {
  if (json === '[]') return [];
  const entries = JSON.parse(json) as LogEntry[];
  let bytesLeft = maxLogBytes;
  return entries.map((entry) => {
    const bytes = Buffer.from(entry.message);
    if (bytes.byteLength <= bytesLeft) {
      bytesLeft -= bytes.byteLength;
      return entry;
    }
    const kept = bytes.subarray(0, bytesLeft).toString('utf8');
    bytesLeft = 0;
    return { level: entry.level, message: kept };
  });
}

import {
  MAX_CODE_CACHE_BYTES,
  MAX_IMPORTS,
  MAX_SPECIFIER_CHARS,
  type LogEntry,
  type OutputLimits,
} from '../protocol/messages.ts';

/** Room for errors, outcomes and whatever else a message has. */
const MESSAGE_BYTES = 256 * 1024;
/** Length fields of a frame. */
const FRAMING_BYTES = 64;

/** The largest frame, and the largest header of one, that an honest VM answers with. */
export interface ReplySize {
  readonly maxFrameBytes: number;
  readonly maxHeaderBytes: number;
}

/**
 * Logs are part of the header: a character takes up to six bytes in JSON, an entry some more. The realm counts the arguments of
 * a call in UTF-16 units, each of up to three bytes.
 */
export function replySizeOf(
  { maxResultBytes, maxLogBytes, maxLogEntries }: OutputLimits,
  maxApiArgumentBytes = 0,
): ReplySize {
  const maxHeaderBytes = MESSAGE_BYTES + 6 * maxLogBytes + 64 * maxLogEntries;
  const maxAttachmentBytes = Math.max(maxResultBytes, 3 * maxApiArgumentBytes);
  return { maxHeaderBytes, maxFrameBytes: maxHeaderBytes + maxAttachmentBytes + FRAMING_BYTES };
}

/** A compiled script, of this length in UTF-16: what it imports, its code cache, and the JavaScript that TypeScript left. */
export function compiledSizeOf(sourceChars: number): ReplySize {
  const maxHeaderBytes = MESSAGE_BYTES + MAX_IMPORTS * (6 * MAX_SPECIFIER_CHARS + 4);
  return { maxHeaderBytes, maxFrameBytes: maxHeaderBytes + MAX_CODE_CACHE_BYTES + 3 * sourceChars + FRAMING_BYTES };
}

/** The entry that says that there was more. */
const LOG_NOTE_BYTES = 256;

/** Whether there is more in a log than an honest VM hands over. */
export function isLogTooLong(logs: readonly LogEntry[], { maxLogEntries, maxLogBytes }: OutputLimits): boolean {
  if (logs.length > maxLogEntries + 1) return true;
  let bytes = 0;
  for (const { message } of logs) bytes += Buffer.byteLength(message);
  return bytes > maxLogBytes + LOG_NOTE_BYTES;
}

/** For requests that come back without a result and logs. */
export const PLAIN_REPLY = replySizeOf({ maxResultBytes: 0, maxLogBytes: 0, maxLogEntries: 0 });

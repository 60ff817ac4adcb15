import { encodeFrame } from '../protocol/frame.ts';
import type { HostMessage } from '../protocol/messages.ts';

const SOURCE = 'console.log(context); return (await input).map((n) => n * 7);';
const LIMITS = { maxResultBytes: 1024, maxLogBytes: 1024, maxLogEntries: 1 };
const TIMEOUT_MS = 1000;

/**
 * A request as it comes through the pipe, for a constant script. V8 compiles a function when it is first called: without this, the
 * first request to a process takes six times as long as the next.
 */
export function rehearsalFor(maxMemoryMb: number): Buffer {
  const unit = {
    key: 'rehearsal',
    name: 'rehearsal.js',
    wrap: 'function',
    hasCode: true,
    sourceChars: SOURCE.length,
    imports: [],
  } as const;
  const request: HostMessage = {
    type: 'run',
    id: 0,
    units: [unit],
    timeoutMs: TIMEOUT_MS,
    maxMemoryMb,
    limits: LIMITS,
  };
  return encodeFrame(request, ['{}', '[6]', '', SOURCE, '']);
}

import type { LogEntry } from '../protocol/messages.ts';

/** What the script of one execution has written to its `console`. */
export interface ConsoleRecord {
  readonly executionId: string;
  readonly tenantId: string;
  /** `context.request.id`, where that is a string. */
  readonly requestId?: string | undefined;
  readonly scriptName: string;
  /** At least one. The tenant's text, of any characters, within `maxLogBytes` and `maxLogEntries`. */
  readonly entries: readonly LogEntry[];
}

/**
 * Is told what scripts have written to their `console`, when an execution has ended, also with an error: all that comes back with
 * the result. `forRoot` takes its class as `consoleSink`; by default nobody is told. Nobody waits for it, and what it throws is
 * logged: a sink that cannot keep up has to bound what it keeps itself.
 */
export interface ConsoleSink {
  logged(record: ConsoleRecord): void | Promise<void>;
}

export const CONSOLE_SINK = Symbol('CONSOLE_SINK');

import type { UsageReceipt } from '../metrics/usage-receipt.ts';
import type { LogEntry } from '../protocol/messages.ts';

export interface ExecutionResult<T = unknown> {
  readonly executionId: string;
  /** The script's result; undefined when it has none. */
  readonly value: T;
  readonly logs: readonly LogEntry[];
  readonly usage: UsageReceipt;
  /** The VM that ran it. */
  readonly vmId: string;
}

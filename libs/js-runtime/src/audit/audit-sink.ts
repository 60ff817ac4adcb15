import type { ExecutionOutcome } from '../metrics/execution-metrics.ts';
import type { UsageReceipt } from '../metrics/usage-receipt.ts';

/** For whom something happened. */
export interface AuditedExecution {
  readonly executionId: string;
  readonly tenantId: string;
  readonly userId?: string | undefined;
  /** `context.request.id`, where that is a string. */
  readonly requestId?: string | undefined;
}

/** An execution that has ended. */
export interface ExecutionRecord extends AuditedExecution {
  /** Undefined when it ended before anybody looked at its source. */
  readonly script?: { readonly name: string; readonly sourceHash: string } | undefined;
  readonly outcome: ExecutionOutcome;
  readonly usage: UsageReceipt;
  /** Calls of host APIs that were denied; also those that `denied` was not told of. */
  readonly deniedCalls: number;
}

/** A call of a host API that the tenant's scripts must not make. */
export interface DeniedCallRecord extends AuditedExecution {
  /** `namespace.method` */
  readonly api: string;
  /** `PERMISSION_DENIED`, or the API's own. */
  readonly code: string;
}

/**
 * Is told who ran what, and what scripts were denied. `forRoot` takes its class as `auditSink`; the default writes lines to the
 * log. Nobody waits for it, and what it throws is logged: a sink that cannot keep up has to bound what it keeps itself.
 */
export interface AuditSink {
  executed(record: ExecutionRecord): void | Promise<void>;
  /** Told of the first ten in an execution; its record has the number of all. */
  denied(record: DeniedCallRecord): void | Promise<void>;
}

export const AUDIT_SINK = Symbol('AUDIT_SINK');

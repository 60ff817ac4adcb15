import { Injectable, Logger } from '@nestjs/common';
import type { AuditSink, DeniedCallRecord, ExecutionRecord } from './audit-sink.ts';

/** Writes a line to the log for each record, which comes with it as an object: a logger that writes JSON has its fields. */
@Injectable()
export class LogAuditSink implements AuditSink {
  readonly #logger = new Logger('Audit');

  executed(record: ExecutionRecord): void {
    this.#logger.log('Execution ended', { event: 'execution', ...record });
  }

  denied(record: DeniedCallRecord): void {
    this.#logger.warn('Call denied', { event: 'denied-call', ...record });
  }
}

import { Injectable, Logger } from '@nestjs/common';
import type { AuditSink, DeniedCallRecord, ExecutionRecord } from './audit-sink.ts';

/** Writes each record as a line of JSON to the log. */
@Injectable()
export class LogAuditSink implements AuditSink {
  readonly #logger = new Logger('Audit');

  executed(record: ExecutionRecord): void {
    this.#logger.log(JSON.stringify({ event: 'execution', ...record }));
  }

  denied(record: DeniedCallRecord): void {
    this.#logger.warn(JSON.stringify({ event: 'denied-call', ...record }));
  }
}

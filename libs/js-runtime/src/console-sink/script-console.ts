import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { tellSink } from '../errors/tell-sink.ts';
import { textForLog } from '../errors/text-for-log.ts';
import type { LogEntry } from '../protocol/messages.ts';
import { requestIdOf, type TenantContext } from '../tenancy/tenant-context.ts';
import { CONSOLE_SINK, type ConsoleSink } from './console-sink.ts';

/** Tells the sink, where there is one, what scripts have logged, and never fails. */
@Injectable()
export class ScriptConsole {
  readonly #logger = new Logger(ScriptConsole.name);

  constructor(@Optional() @Inject(CONSOLE_SINK) private readonly sink?: ConsoleSink) {}

  /** @param entries undefined when the VM could not say any more */
  ended(executionId: string, context: TenantContext, scriptName: string, entries: readonly LogEntry[] = []): void {
    const { sink } = this;
    if (!sink || entries.length === 0) return;
    const requestId = requestIdOf(context);
    tellSink(
      () => sink.logged({ executionId, tenantId: context.tenant.id, requestId, scriptName, entries }),
      (error) => {
        this.#logger.error('The console sink failed', textForLog(error));
      },
    );
  }
}

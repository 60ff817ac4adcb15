import { Inject, Injectable, Logger } from '@nestjs/common';
import { requestIdOf, type TenantContext } from '../tenancy/tenant-context.ts';
import type { CompiledOptions } from '../config/options.schema.ts';
import { COMPILED_OPTIONS } from '../config/options.token.ts';
import { tellSink } from '../errors/tell-sink.ts';
import { textForLog } from '../errors/text-for-log.ts';
import { AUDIT_SINK, type AuditedExecution, type AuditSink, type ExecutionRecord } from './audit-sink.ts';

/** So many denied calls of one execution are told one by one: a script can make as many as it may make calls. */
const MAX_DENIED_RECORDS = 10;

/** Of executions that nobody is told of. */
const NOTHING: ExecutionAudit = { denied: () => undefined, ended: () => undefined };

/** Tells the sink of executions, and never fails. */
@Injectable()
export class AuditTrail {
  readonly #logger = new Logger(AuditTrail.name);
  readonly #isEnabled: boolean;

  constructor(
    @Inject(AUDIT_SINK) private readonly sink: AuditSink,
    @Inject(COMPILED_OPTIONS) { auditEnabled }: CompiledOptions,
  ) {
    this.#isEnabled = auditEnabled;
  }

  begin(executionId: string, context: TenantContext): ExecutionAudit {
    if (!this.#isEnabled) return NOTHING;
    const { tenant, user } = context;
    const who: AuditedExecution = {
      executionId,
      tenantId: tenant.id,
      userId: user?.id,
      requestId: requestIdOf(context),
    };
    let deniedCalls = 0;
    return {
      denied: (api, code) => {
        deniedCalls++;
        if (deniedCalls <= MAX_DENIED_RECORDS) this.#tell(() => this.sink.denied({ ...who, api, code }));
      },
      ended: ({ outcome, script, usage }) => {
        const described = script && { name: script.name, sourceHash: script.sourceHash };
        this.#tell(() => this.sink.executed({ ...who, script: described, outcome, usage, deniedCalls }));
      },
    };
  }

  #tell(told: () => void | Promise<void>): void {
    tellSink(told, (error) => {
      this.#logger.error('The audit sink failed', textForLog(error));
    });
  }
}

/** The audit of one execution. */
export interface ExecutionAudit {
  denied(api: string, code: string): void;
  ended(end: Pick<ExecutionRecord, 'outcome' | 'script' | 'usage'>): void;
}

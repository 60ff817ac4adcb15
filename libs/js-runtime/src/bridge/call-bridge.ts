import { Injectable, Logger } from '@nestjs/common';
import type { Deadline } from '../admission/deadline.ts';
import type { ErrorCode } from '../errors/error-codes.ts';
import type { ApiMethod } from '../host-api/api-method.ts';
import { ApiRegistry } from '../host-api/api-registry.ts';
import type { ResourceTracker } from '../security/resource-tracker.ts';
import { SecurityValidator } from '../security/security-validator.ts';
import type { TenantContext } from '../tenancy/tenant-context.ts';
import { HostCalls } from './host-calls.ts';

/** The execution that calls are made for. */
export interface CallingExecution {
  readonly id: string;
  readonly context: TenantContext;
  readonly tracker: ResourceTracker;
  readonly deadline: Deadline;
  readonly extraApis: ReadonlyMap<string, ApiMethod>;
  /** Told of each call that is refused. */
  onDenied(api: string, code: ErrorCode): void;
}

/** Lets scripts call host APIs. */
@Injectable()
export class CallBridge {
  readonly #logger = new Logger('HostApi');

  constructor(
    private readonly apis: ApiRegistry,
    private readonly validator: SecurityValidator,
  ) {}

  /** To be called where the execution's caller is, in whose asynchronous context methods run. To be ended with the execution. */
  open(execution: CallingExecution): HostCalls {
    const { id, context, tracker, deadline, extraApis } = execution;
    const { limits, apiCalls } = tracker;
    const { methods } = this.apis;
    return new HostCalls(
      { context, limits, apiCalls, methodOf: (api) => methods.get(api) ?? extraApis.get(api) },
      { context, executionId: id, deadline, maxResultBytes: limits.maxApiResultBytes },
      this.validator,
      {
        onDenied: (api, { code }) => {
          execution.onDenied(api, code);
        },
        onFailed: (api, error, isLate) => {
          const when = isLate ? ' after nobody waited for it any more' : '';
          const where = `execution ${id} of tenant ${context.tenant.id}`;
          this.#logger.error(`${api} failed${when}, in ${where}`, error instanceof Error ? error.stack : String(error));
        },
      },
      [...extraApis.values()],
    );
  }
}

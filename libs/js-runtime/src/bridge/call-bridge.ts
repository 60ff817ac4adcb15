import type { AsyncResource } from 'node:async_hooks';
import { Injectable, Logger } from '@nestjs/common';
import type { Deadline } from '../admission/deadline.ts';
import { textForLog } from '../errors/text-for-log.ts';
import type { ApiMethod } from '../host-api/api-method.ts';
import { ApiRegistry } from '../host-api/api-registry.ts';
import { ExecutionMetrics } from '../metrics/execution-metrics.ts';
import type { ResourceTracker } from '../security/resource-tracker.ts';
import { SecurityValidator } from '../security/security-validator.ts';
import type { TenantContext } from '../tenancy/tenant-context.ts';
import type { OperationTrace } from '../tracing/operation-trace.ts';
import { HostCalls } from './host-calls.ts';

/** The execution that calls are made for. */
export interface CallingExecution {
  /** Stands for it: request-scoped providers have one instance for each. */
  readonly key: object;
  readonly id: string;
  readonly context: TenantContext;
  readonly tracker: ResourceTracker;
  readonly deadline: Deadline;
  readonly trace: OperationTrace | undefined;
  readonly extraApis: ReadonlyMap<string, ApiMethod>;
  /** Told of each call of what the tenant must not do. */
  onDenied(api: string, code: string): void;
}

/** So many failures of one execution are logged: a script can make as many as it may make calls. */
const MAX_LOGGED_FAILURES = 10;

/** In metrics, for what was exposed to one execution: such names may be made up anew each time. */
const OF_SETUP = '(setup)';

/** Lets scripts call host APIs. */
@Injectable()
export class CallBridge {
  readonly #logger = new Logger('HostApi');

  constructor(
    private readonly apis: ApiRegistry,
    private readonly validator: SecurityValidator,
    private readonly metrics: ExecutionMetrics,
  ) {}

  /**
   * To be called where the execution's caller is, in whose asynchronous context methods run, or given that. To be ended with the
   * execution.
   */
  open(execution: CallingExecution, callersContext?: AsyncResource): HostCalls {
    const { key, id, context, tracker, deadline, trace, extraApis } = execution;
    const { limits, apiCalls } = tracker;
    const { methods } = this.apis;
    let failures = 0;
    return new HostCalls(
      { context, limits, apiCalls, methodOf: (api) => methods.get(api) ?? extraApis.get(api) },
      { key, context, executionId: id, deadline, trace, maxResultBytes: limits.maxApiResultBytes },
      this.validator,
      {
        onDenied: (api, code) => {
          execution.onDenied(api, code);
        },
        onEnded: (api, outcome, ms) => {
          this.metrics.apiCalled(methods.has(api) ? api : OF_SETUP, outcome, ms);
        },
        onFailed: (api, error, isLate) => {
          failures++;
          if (failures > MAX_LOGGED_FAILURES) return;
          const when = isLate ? ' after nobody waited for it any more' : '';
          const where = `execution ${id} of tenant ${context.tenant.id}`;
          const last = failures === MAX_LOGGED_FAILURES ? '; what else fails in it is not logged' : '';
          this.#logger.error(`${api} failed${when}, in ${where}${last}`, textForLog(error));
        },
      },
      [...extraApis.values()],
      callersContext,
    );
  }
}

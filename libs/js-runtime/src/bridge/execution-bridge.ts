import { Injectable } from '@nestjs/common';
import type { ExecutionAudit } from '../audit/audit-trail.ts';
import { ApiRegistry } from '../host-api/api-registry.ts';
import type { Vm } from '../pool/vm-factory.ts';
import type { RunRequest } from '../process/vm-request.ts';
import { withinBudget, type Budget } from '../security/metered-call.ts';
import type { TenantContext } from '../tenancy/tenant-context.ts';
import { CallBridge } from './call-bridge.ts';
import { ContextBridge } from './context-bridge.ts';
import type { HostCalls } from './host-calls.ts';
import { SetupScope, type SetupFn } from './setup-scope.ts';

/** An execution that has its VM. */
export interface BridgedExecution {
  readonly id: string;
  readonly context: TenantContext;
  readonly budget: Budget;
  readonly audit: ExecutionAudit;
  readonly setup?: SetupFn | undefined;
}

/** What the realm of one execution is told, and what its script may call until the execution ends. */
export interface Bridge {
  /** Made as late as possible, because it says how much time is left. */
  texts(): Pick<RunRequest, 'contextJson' | 'globalsJson'>;
  readonly calls: HostCalls;
}

/** All that connects a script to the backend. */
@Injectable()
export class ExecutionBridge {
  constructor(
    private readonly contexts: ContextBridge,
    private readonly callBridge: CallBridge,
    private readonly apis: ApiRegistry,
  ) {}

  /**
   * The caller ends its `calls` when the execution has ended.
   *
   * @throws JsRuntimeError, and what the setup function throws
   */
  async open(execution: BridgedExecution, vm: Vm): Promise<Bridge> {
    const { id, context, budget, audit, setup } = execution;
    const { tracker, deadline, signal, trace } = budget;
    const request = { context, executionId: id, signal };
    const contributions = await atOnceOr(this.contexts.contributionsTo(execution, request), budget, vm);
    const scope = new SetupScope(this.apis, tracker.limits.maxInputBytes);
    if (setup) await atOnceOr(setup(scope, { id: vm.id, pid: vm.pid }), budget, vm);
    scope.close();
    const { globalsJson, methods } = scope;
    return {
      texts: () => ({
        contextJson: this.contexts.toJson(request, deadline.remainingMs, contributions),
        globalsJson,
      }),
      calls: this.callBridge.open({
        key: execution,
        id,
        context,
        tracker,
        deadline,
        trace,
        extraApis: methods,
        onDenied: (api, code) => {
          audit.denied(api, code);
        },
      }),
    };
  }
}

/** Waits only for what is not there yet. Not every promise is a `Promise` of this realm. */
async function atOnceOr<T>(value: T | PromiseLike<T>, budget: Budget, vm: Vm): Promise<T> {
  return isPromiseLike(value) ? withinBudget(Promise.resolve(value), budget, vm) : value;
}

function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

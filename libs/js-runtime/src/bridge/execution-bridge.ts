import { Injectable } from '@nestjs/common';
import type { Cancellation } from '../admission/cancellation.ts';
import type { ExecutionAudit } from '../audit/audit-trail.ts';
import { ApiRegistry } from '../host-api/api-registry.ts';
import type { Vm } from '../pool/vm-factory.ts';
import type { RunRequest } from '../process/vm-request.ts';
import { withinBudget, type Budget } from '../security/metered-call.ts';
import type { TenantContext } from '../tenancy/tenant-context.ts';
import { CallBridge } from './call-bridge.ts';
import { ContextBridge } from './context-bridge.ts';
import type { ContextRequest } from './context-contributor.ts';
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

/** What an execution without a setup function adds. */
const NO_SETUP: Pick<SetupScope, 'globalsJson' | 'methods'> = { globalsJson: '', methods: new Map() };

/** The same for an invocation of a warm realm. */
export interface WarmBridge extends Bridge {
  /** What `context` has beside what is each invocation's own. */
  readonly commonJson: string;
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
   * @returns at once when there is nothing to ask anybody for
   * @throws JsRuntimeError, and what the setup function throws
   */
  open(execution: BridgedExecution, vm: Vm): Bridge | Promise<Bridge> {
    const { setup } = execution;
    const request = new ExecutionRequest(execution);
    const contributions = this.contexts.contributionsTo(execution, request);
    if (!setup && !isPromiseLike(contributions)) return this.#bridgeOf(execution, request, contributions, NO_SETUP);
    return this.#openLater(execution, vm, request, contributions);
  }

  /**
   * For an invocation of a warm realm, which needs no VM for that. To be called where the caller is: what it is run by is not.
   *
   * @throws as `open`
   */
  openWarm(execution: BridgedExecution): WarmBridge | Promise<WarmBridge> {
    const request = new ExecutionRequest(execution);
    const bridgeOf = (contributions: readonly string[]): WarmBridge => ({
      commonJson: this.contexts.commonToJson(execution.context, contributions),
      ...this.#bridgeOf(execution, request, contributions, NO_SETUP),
    });
    const contributions = this.contexts.contributionsTo(execution, request);
    if (!isPromiseLike(contributions)) return bridgeOf(contributions);
    return withinBudget(Promise.resolve(contributions), execution.budget).then(bridgeOf);
  }

  async #openLater(
    execution: BridgedExecution,
    vm: Vm,
    request: ContextRequest,
    contributions: readonly string[] | Promise<readonly string[]>,
  ): Promise<Bridge> {
    const { budget, setup } = execution;
    const contributed = await atOnceOr(contributions, budget, vm);
    const scope = new SetupScope(this.apis, budget.tracker.limits.maxInputBytes);
    if (setup) await atOnceOr(setup(scope, { id: vm.id, pid: vm.pid }), budget, vm);
    scope.close();
    return this.#bridgeOf(execution, request, contributed, scope);
  }

  #bridgeOf(
    execution: BridgedExecution,
    request: ContextRequest,
    contributions: readonly string[],
    { globalsJson, methods }: Pick<SetupScope, 'globalsJson' | 'methods'>,
  ): Bridge {
    const { id, context, budget, audit } = execution;
    const { tracker, deadline, trace } = budget;
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

/** Whoever contributes may ask for a signal; mostly nobody does, and to make one takes long. */
class ExecutionRequest implements ContextRequest {
  readonly context: ContextRequest['context'];
  readonly executionId: string;
  readonly #cancellation: Cancellation;

  constructor({ id, context, budget }: BridgedExecution) {
    this.context = context;
    this.executionId = id;
    this.#cancellation = budget.signal;
  }

  get signal(): AbortSignal {
    return this.#cancellation.abortSignal;
  }
}

/** Waits only for what is not there yet. Not every promise is a `Promise` of this realm. */
async function atOnceOr<T>(value: T | PromiseLike<T>, budget: Budget, vm: Vm): Promise<T> {
  return isPromiseLike(value) ? withinBudget(Promise.resolve(value), budget, vm) : value;
}

function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

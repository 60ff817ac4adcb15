import type { Cancellation } from '../admission/cancellation.ts';
import type { Deadline } from '../admission/deadline.ts';
import type { ResourceLimits } from '../config/limits.ts';
import { cpuTimeLimitExceeded, explainVmGone, wallTimeLimitExceeded } from '../errors/explain-vm-gone.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { Vm } from '../pool/vm-factory.ts';
import type { MeteredUse } from '../process/run-meter.ts';
import { VmGoneError } from '../process/vm-gone.error.ts';
import type { OperationTrace } from '../tracing/operation-trace.ts';
import type { ResourceTracker } from './resource-tracker.ts';

/** What an execution, or a compilation, may still use, and what stops it. */
export interface Budget {
  readonly tracker: ResourceTracker;
  readonly deadline: Deadline;
  readonly signal: Cancellation;
  /** Only where somebody traces it. */
  readonly trace?: OperationTrace | undefined;
}

/** So often is looked whether the VM is still there, while something else is waited for. */
const LOOK_INTERVAL_MS = 100;

/**
 * Sends a request to a VM with what is left of the budget, and enters in it what the request has used. When the budget's signal
 * fires, the VM is ended.
 *
 * @throws JsRuntimeError CANCELLED, WALL_TIME_LIMIT_EXCEEDED, CPU_TIME_LIMIT_EXCEEDED, and whatever else a VM may end of
 */
export async function meteredCall<Reply extends MeteredUse>(
  vm: Vm,
  budget: Budget,
  call: (limits: ResourceLimits) => Promise<Reply>,
): Promise<Reply> {
  const { tracker, deadline, signal } = budget;
  const { limits } = tracker;
  assertNotOver(budget);
  const onAbort = (): void => {
    vm.kill('cancelled');
  };
  signal.addEventListener('abort', onAbort);
  try {
    const reply = await call({ ...limits, timeoutMs: deadline.remainingMs, maxCpuMs: tracker.remainingCpuMs });
    tracker.hasUsed(reply);
    return reply;
  } catch (error) {
    if (error instanceof VmGoneError) tracker.hasUsed(error.used);
    throw explainVmGone(error, limits, tracker.elapsedMs, tracker.used);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * What the work comes to, unless the budget is over first, or the VM gone that is held meanwhile, if one is.
 *
 * @throws JsRuntimeError CANCELLED, WALL_TIME_LIMIT_EXCEEDED, SHUTTING_DOWN and whatever else a VM may end of
 */
export async function withinBudget<T>(work: Promise<T>, budget: Budget, vm?: Vm): Promise<T> {
  // Whoever gives it up does not wait for what it fails with, which must not end the backend.
  work.catch(() => undefined);
  assertNotOver(budget);
  const { tracker, deadline, signal } = budget;
  const { limits } = tracker;
  const over = Promise.withResolvers<never>();
  const onAbort = (): void => {
    over.reject(cancelled());
  };
  const timer = setTimeout(() => {
    over.reject(wallTimeLimitExceeded(limits.timeoutMs, tracker.elapsedMs));
  }, deadline.remainingMs);
  // `vm.exited` is not waited for from the start: what waits for it stays there as long as the VM.
  const look =
    vm &&
    setInterval(() => {
      if (vm.alive) return;
      clearInterval(look);
      void vm.exited.then(({ reason }) => {
        over.reject(explainVmGone(new VmGoneError(reason), limits, tracker.elapsedMs, tracker.used));
      });
    }, LOOK_INTERVAL_MS);
  signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([work, over.promise]);
  } finally {
    clearTimeout(timer);
    clearInterval(look);
    signal.removeEventListener('abort', onAbort);
  }
}

/** A VM that was done before anybody looked may have used more than it may. @throws JsRuntimeError CPU_TIME_LIMIT_EXCEEDED */
export function assertCpuLeft({ tracker: { limits, used } }: Budget): void {
  if (used && used.cpuMs > limits.maxCpuMs) throw cpuTimeLimitExceeded(limits.maxCpuMs, used);
}

function assertNotOver(budget: Budget): void {
  const { tracker, deadline, signal } = budget;
  if (signal.aborted) throw cancelled();
  if (deadline.isOver) throw wallTimeLimitExceeded(tracker.limits.timeoutMs, tracker.elapsedMs);
  assertCpuLeft(budget);
}

function cancelled(): JsRuntimeError {
  return new JsRuntimeError('CANCELLED', 'The execution was cancelled');
}

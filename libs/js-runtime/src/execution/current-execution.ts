import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * A store of its own, not nestjs-cls's: what an application sets there while an execution runs is the request's, and stays
 * when the execution has ended.
 */
const current = new AsyncLocalStorage<string>();

/** Runs `work`, and all that it calls and waits for, as part of an execution. Of several at a time, each has its own. */
export function inExecution<T>(executionId: string, work: () => T): T {
  return current.run(executionId, work);
}

/**
 * The id of the execution that this call chain is part of, in a host API for example; undefined outside of one. For loggers,
 * beside the tenant and the request of `TenancyService.find()`.
 */
export function currentExecutionId(): string | undefined {
  return current.getStore();
}

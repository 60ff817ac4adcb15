import { once } from 'node:events';
import { createContext, Script } from 'node:vm';
import type { MessagePort } from 'node:worker_threads';
import { contextOf, type Step } from '../../workload.ts';
import { WORKLOADS } from '../../workloads/all.ts';
import { TIMEOUT_MS } from '../support/limits.ts';

export interface Task {
  readonly workload: string;
  readonly tenantId: string;
  /** Takes a step and answers with the next one. */
  readonly host?: MessagePort;
}

const scripts = new Map<string, Script>();

/** Runs in a thread of piscina's. */
export default async function run({ workload, tenantId, host }: Task): Promise<unknown> {
  let script = scripts.get(workload);
  if (!script) {
    script = new Script(WORKLOADS.find(({ name }) => name === workload)?.script ?? '');
    scripts.set(workload, script);
  }
  const globals = { context: contextOf(tenantId), ...(host && { bench: { next: nextAt(host) } }) };
  return (await script.runInContext(createContext(globals), { timeout: TIMEOUT_MS })) as unknown;
}

function nextAt(host: MessagePort): (step: Step) => Promise<Step> {
  return async (step) => {
    const answer = once(host, 'message') as Promise<[Step]>;
    host.postMessage(step);
    return (await answer)[0];
  };
}

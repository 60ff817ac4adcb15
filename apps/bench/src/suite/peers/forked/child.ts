import type { Step } from '../../workload.ts';
import { WORKLOADS } from '../../workloads/all.ts';
import { loadIsolatedVm } from '../isolated-vm/load.ts';
import { ScriptIsolate } from '../isolated-vm/script-isolate.ts';
import { TenantIsolates } from '../isolated-vm/tenant-isolates.ts';
import type { FromChild, ToChild } from './messages.ts';

/*
 * A worker process that somebody would write by hand: isolates of tenants, and messages of Node's own.
 */

const { ivm } = await loadIsolatedVm();
const calls = new Map<number, (step: Step) => void>();
let lastCall = 0;
let isolates: TenantIsolates | undefined;

process.on('message', (message: ToChild) => {
  switch (message.is) {
    case 'prepare':
      void prepare(message.workload);
      break;
    case 'run':
      void run(message.id, message.tenantId);
      break;
    case 'answer':
      calls.get(message.call)?.(message.step);
      calls.delete(message.call);
      break;
  }
});
process.once('disconnect', () => process.exit(0));
send({ is: 'ready' });

async function prepare(name: string): Promise<void> {
  await isolates?.dispose();
  const workload = WORKLOADS.find((one) => one.name === name);
  if (!workload) throw new Error(`there is no workload ${name}`);
  isolates = new TenantIsolates(async () => ScriptIsolate.create(ivm, workload, callParent), 1);
  send({ is: 'ready' });
}

async function run(id: number, tenantId: string): Promise<void> {
  try {
    send({ is: 'result', id, value: await isolates?.run(tenantId) });
  } catch (error) {
    send({ is: 'error', id, message: String(error) });
  }
}

async function callParent(step: Step): Promise<Step> {
  const call = ++lastCall;
  const answer = new Promise<Step>((resolve) => calls.set(call, resolve));
  send({ is: 'call', call, step });
  return answer;
}

function send(message: FromChild): void {
  process.send?.(message);
}

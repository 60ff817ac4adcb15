import type { Workload } from '../workload.ts';

const CALLS = 10;

export const hostCalls: Workload = {
  name: 'host-calls',
  title: `${CALLS} host calls`,
  description: `${CALLS} calls of an asynchronous function of the backend, one after the other, with an object there and back.`,
  script: `(async () => {
  let step = { n: 0 };
  for (let call = 0; call < ${CALLS}; call++) step = await bench.next({ n: step.n });
  return step.n;
})()`,
  callsHost: true,
  expected: () => CALLS,
};

import type { Workload } from '../workload.ts';

export const trivial: Workload = {
  name: 'trivial',
  title: 'Trivial script with a context object',
  description: 'Reads the tenant from `context` and computes one number: what is left is what running anything costs.',
  script: "(() => { const o = { n: 20 }; return context.tenant.id + ' ' + (o.n * 2 + 2); })()",
  callsHost: false,
  expected: (tenantId) => `${tenantId} 42`,
};

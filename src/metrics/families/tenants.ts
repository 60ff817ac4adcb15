import type { TenantUsage } from 'nestjs-js-runtime';
import type { Family } from '../family.ts';

/** Of those tenants only that METRICS_TENANTS names: each is a series of its own. */
export const TENANTS: readonly Family[] = [
  ofTenants('js_runtime_tenant_executions_total', 'Executions that have ended', ({ executions }) => executions),
  ofTenants('js_runtime_tenant_errors_total', 'Executions and compilations that failed', ({ errors }) => errors),
  ofTenants('js_runtime_tenant_cpu_seconds_total', 'CPU time of VMs', ({ cpuMs }) => cpuMs / 1000),
];

function ofTenants(name: string, help: string, value: (usage: TenantUsage) => number): Family {
  const samples: Family['samples'] = ({ tenants }) =>
    tenants.map(([tenant, usage]) => ({ value: value(usage), labels: { tenant } }));
  return { name, help: `${help}, of tenants that are told of by name`, type: 'counter', samples };
}

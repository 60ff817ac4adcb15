import type { TenantUsage } from 'nestjs-js-runtime';

export interface TenantShare extends TenantUsage {
  readonly tenantId: string;
}

/** Those tenants that have used most CPU time, the one with most first. */
export function topTenants(usages: ReadonlyMap<string, TenantUsage>, most: number): TenantShare[] {
  return [...usages]
    .sort(([, one], [, other]) => other.cpuMs - one.cpuMs)
    .slice(0, most)
    .map(([tenantId, usage]) => ({ tenantId, ...usage }));
}

/** One that asks for little, and one that asks for more than it gets. */
export const POLITE = 'polite';
export const FLOODING = 'flooding';

/** Whose the request of an index is: they take turns. */
export function tenantOf(index: number, tenants: number): string {
  return `tenant-${index % tenants}`;
}

/** Everybody who asks for anything. */
export function allTenants(tenants: number): string[] {
  return [POLITE, FLOODING, ...Array.from({ length: tenants }, (_, index) => tenantOf(index, tenants))];
}

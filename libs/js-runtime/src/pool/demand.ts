/** After so many leases of the pool, one of before counts half. */
const HALF_LIFE_LEASES = 500;
/** Tenants that are remembered; whoever had no VM for the longest time is forgotten first. */
const MAX_TENANTS = 4096;

/** Of what nobody has asked for. */
export const NO_DEMAND = -Infinity;

/**
 * How much VMs are asked for: leases, those of late more than those of long ago. What is known of a tenant outlives its VMs, so that
 * one that comes again and again does not begin from nothing each time. A figure is a binary logarithm, and all of them stay
 * comparable while time passes: instead of making the old ones smaller, new ones are made larger.
 */
export class Demand {
  readonly #ofTenants = new Map<string, number>();
  #leases = 0;

  /** What is known of a tenant that has no VM. */
  of(tenantId: string): number {
    return this.#ofTenants.get(tenantId) ?? NO_DEMAND;
  }

  /** A VM that was asked for so much is lent once more. */
  lent(tenantId: string, before: number): number {
    const demand = sumOf(before, ++this.#leases / HALF_LIFE_LEASES);
    this.#ofTenants.delete(tenantId);
    this.#ofTenants.set(tenantId, demand);
    if (this.#ofTenants.size > MAX_TENANTS) this.#forgetOldest();
    return demand;
  }

  #forgetOldest(): void {
    for (const oldest of this.#ofTenants.keys()) {
      this.#ofTenants.delete(oldest);
      return;
    }
  }
}

/** Whether none is asked for clearly more than the other: half as much again. */
export function areAlike(one: number, other: number): boolean {
  return one === other || Math.abs(one - other) < 0.6;
}

/** Of two numbers of which these are the logarithms. */
function sumOf(a: number, b: number): number {
  const larger = Math.max(a, b);
  return larger + Math.log2(1 + 2 ** (Math.min(a, b) - larger));
}

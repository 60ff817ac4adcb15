/** An isolate that runs one workload. */
export interface TenantIsolate {
  run(tenantId: string): Promise<unknown>;
  dispose(): void;
}

/** Isolates of tenants, made when they first come, and all kept: no run of a tenant waits for one to be made again. */
export class TenantIsolates {
  readonly #make: () => Promise<TenantIsolate>;
  readonly #perTenant: number;
  readonly #byTenant = new Map<string, { readonly isolates: readonly Promise<TenantIsolate>[]; next: number }>();

  constructor(make: () => Promise<TenantIsolate>, perTenant: number) {
    this.#make = make;
    this.#perTenant = perTenant;
  }

  async run(tenantId: string): Promise<unknown> {
    let own = this.#byTenant.get(tenantId);
    if (!own) {
      own = { isolates: Array.from({ length: this.#perTenant }, this.#make), next: 0 };
      this.#byTenant.set(tenantId, own);
    }
    const isolate = await own.isolates[own.next++ % own.isolates.length];
    return isolate?.run(tenantId);
  }

  async dispose(): Promise<void> {
    for (const { isolates } of this.#byTenant.values()) for (const isolate of isolates) (await isolate).dispose();
    this.#byTenant.clear();
  }
}

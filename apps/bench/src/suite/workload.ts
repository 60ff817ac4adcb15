/** What every script can call where a workload has calls: `await bench.next({ n })` is `{ n: n + 1 }`, from the peer's own process. */
export interface Step {
  readonly n: number;
}

export interface Workload {
  readonly name: string;
  readonly title: string;
  /** One line for the report. */
  readonly description: string;
  /**
   * One JavaScript expression, the same for every peer; its value, or what its promise comes to, is the result. It sees the global
   * `context`, which is `{ tenant: { id } }`.
   */
  readonly script: string;
  readonly callsHost: boolean;
  readonly expected: (tenantId: string) => unknown;
}

export function contextOf(tenantId: string): { readonly tenant: { readonly id: string } } {
  return { tenant: { id: tenantId } };
}

/** Asynchronous, as whatever asks a database is. */
export async function next({ n }: Step): Promise<Step> {
  return Promise.resolve({ n: n + 1 });
}

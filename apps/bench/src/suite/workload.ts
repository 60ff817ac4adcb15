/** What every script can call where a workload has calls: `await bench.next({ n })` is `{ n: n + 1 }`, from the peer's own process. */
export interface Step {
  readonly n: number;
}

/** A function that is called again and again, for peers that keep it. */
export interface Deployed {
  /** Evaluated once, as what a module has at its top. */
  readonly declarations: string;
  /** Evaluated in each call: as `Workload.script`. */
  readonly expression: string;
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
  /** As it would be deployed, where that is not all of the script in each call. */
  readonly deployed?: Deployed;
  readonly callsHost: boolean;
  readonly expected: (tenantId: string) => unknown;
}

export function deployedOf({ script, deployed }: Workload): Deployed {
  return deployed ?? { declarations: '', expression: script };
}

export function contextOf(tenantId: string): { readonly tenant: { readonly id: string } } {
  return { tenant: { id: tenantId } };
}

/** Asynchronous, as whatever asks a database is. */
export async function next({ n }: Step): Promise<Step> {
  return Promise.resolve({ n: n + 1 });
}

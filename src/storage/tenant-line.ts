/** Lets what changes the values of a tenant happen one after the other, in the order of the calls. */
export class TenantLine {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Settles as `work` does, which begins when everything before it for the same tenant has settled. */
  async next<T>(tenantId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(tenantId);
    const mine = before === undefined ? work() : before.then(work, work);
    this.#last.set(tenantId, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(tenantId) === mine) this.#last.delete(tenantId);
    }
  }
}

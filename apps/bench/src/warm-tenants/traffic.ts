import { setImmediate } from 'node:timers/promises';
import type { TenantFunction } from '../library.ts';
import { Tally } from '../report.ts';

/** Tells by itself how often its realm has been called. */
export const COUNTER = `let calls = 0;
export default () => ({ tenant: context.tenant.id, calls: ++calls });`;

export interface Deployed {
  readonly tenantId: string;
  readonly counter: TenantFunction;
}

/** What came of invocations. */
export class Traffic {
  /** Of those that found a warm realm. */
  readonly hitMs: number[] = [];
  /** Of those that had one made. */
  readonly missMs: number[] = [];
  readonly failures = new Tally();
  wallMs = 0;

  get count(): number {
    return this.hitMs.length + this.missMs.length;
  }

  /** So many callers, each of whom asks again when it has its answer. */
  async run(next: () => Deployed, inFlight: number, forMs: number): Promise<void> {
    const startedAt = performance.now();
    const until = startedAt + forMs;
    const caller = async (): Promise<void> => {
      while (performance.now() < until) {
        await setImmediate();
        await this.#invoke(next());
      }
    };
    await Promise.all(Array.from({ length: inFlight }, caller));
    this.wallMs += performance.now() - startedAt;
  }

  async #invoke({ tenantId, counter }: Deployed): Promise<void> {
    const startedAt = performance.now();
    try {
      const { value } = await counter.invoke();
      const { tenant, calls } = value as { tenant: string; calls: number };
      if (tenant !== tenantId) this.failures.add(`of ${tenant} in place of ${tenantId}`);
      (calls > 1 ? this.hitMs : this.missMs).push(performance.now() - startedAt);
    } catch (error) {
      this.failures.add(String(error));
    }
  }
}

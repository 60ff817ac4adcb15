import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { isSame } from './is-same.ts';
import type { Load, Round } from './messages.ts';
import type { Prepared } from './peer.ts';
import type { Workload } from './workload.ts';
import { WrongResultError } from './wrong-result.ts';

/** So many callers, each of whom asks again when it has its answer; tenants take turns. */
export class ClosedLoop {
  readonly #prepared: Prepared;
  readonly #tenants: readonly { readonly id: string; readonly expected: unknown }[];
  #next = 0;

  constructor(workload: Workload, prepared: Prepared, tenants: number) {
    this.#prepared = prepared;
    const ids = Array.from({ length: tenants }, (_, n) => `tenant-${n}`);
    this.#tenants = ids.map((id) => ({ id, expected: workload.expected(id) }));
  }

  /** Until so much time is over and every tenant has been there, if they all can within `mostMs`. */
  async warmUp(forMs: number, mostMs: number, inFlight: number): Promise<void> {
    const startedAt = performance.now();
    let runs = 0;
    await this.#inFlight(inFlight, async () => {
      for (;;) {
        const forSoLong = performance.now() - startedAt;
        if ((forSoLong >= forMs && runs >= this.#tenants.length) || forSoLong >= mostMs) return;
        runs++;
        await this.#runOnce();
      }
    });
  }

  /** @throws WrongResultError, or what the peer throws */
  async measure({ inFlight, gapMs, rampMs, forMs, minRuns, mostMs }: Load): Promise<Round> {
    const timesMs: number[] = [];
    let runs = 0;
    const startedAt = performance.now() + rampMs;
    let endedAt = Infinity;
    const caller = async (): Promise<void> => {
      while (endedAt === Infinity) {
        if (gapMs > 0) await sleep(gapMs);
        // From when it came: what it waits for others that run in the same thread is part of its time.
        const cameAt = performance.now();
        // Each request of a real backend is an event of its own.
        if (gapMs === 0) await setImmediate();
        await this.#runOnce();
        runs++;
        const now = performance.now();
        // What ends after the end is not counted: there are ever fewer at a time.
        if (now < startedAt || endedAt < Infinity) continue;
        timesMs.push(now - cameAt);
        const forSoLong = now - startedAt;
        if ((forSoLong >= forMs && timesMs.length >= minRuns) || forSoLong >= mostMs) endedAt = now;
      }
    };
    await this.#inFlight(inFlight, async () => {
      try {
        await caller();
      } finally {
        // When one fails, the others stop too.
        endedAt = Math.min(endedAt, performance.now());
      }
    });
    return { timesMs, wallMs: endedAt - startedAt, runs };
  }

  async #inFlight(count: number, caller: () => Promise<void>): Promise<void> {
    await Promise.all(Array.from({ length: count }, caller));
  }

  async #runOnce(): Promise<void> {
    const tenant = this.#tenants[this.#next++ % this.#tenants.length];
    if (!tenant) throw new RangeError('there are no tenants');
    const result = await this.#prepared.run(tenant.id);
    if (!isSame(result, tenant.expected)) throw new WrongResultError(result, tenant.expected);
  }
}

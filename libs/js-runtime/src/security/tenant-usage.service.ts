import { Injectable } from '@nestjs/common';
import type { UsageReceipt } from '../metrics/usage-receipt.ts';

/** So many tenants are remembered; beyond, those forget first whose last execution is longest ago. */
const MAX_TENANTS = 10_000;

/** What a tenant's executions and compilations have used, all together, since the backend was started. */
export interface TenantUsage {
  /** Executions that have ended, one way or the other. */
  readonly executions: number;
  /** Calls of `CompilerService.compile` that have ended. */
  readonly compilations: number;
  /** Of both, the ones that ended with an error. */
  readonly errors: number;
  readonly wallMs: number;
  readonly queueMs: number;
  /** With what VMs have used for invocations of warm realms beyond what is in the receipts of these. */
  readonly cpuMs: number;
  /** The most of any one of them. */
  readonly peakMemoryBytes: number;
  readonly apiCalls: number;
  readonly inputBytes: number;
  readonly resultBytes: number;
  readonly logBytes: number;
}

const SUMMED = ['wallMs', 'queueMs', 'cpuMs', 'apiCalls', 'inputBytes', 'resultBytes', 'logBytes'] as const;

const NOTHING: TenantUsage = Object.freeze({
  executions: 0,
  compilations: 0,
  errors: 0,
  wallMs: 0,
  queueMs: 0,
  cpuMs: 0,
  peakMemoryBytes: 0,
  apiCalls: 0,
  inputBytes: 0,
  resultBytes: 0,
  logBytes: 0,
});

type Totals = { -readonly [Name in keyof TenantUsage]: number };

/** Adds up what tenants use. For statistics and quotas; it refuses nothing. */
@Injectable()
export class TenantUsageService {
  readonly #tenants = new Map<string, Totals>();
  /** Whose are at the end of it. */
  #latest: string | undefined;

  /** A snapshot; zeros for a tenant that has not run anything. */
  of(tenantId: string): TenantUsage {
    return { ...(this.#tenants.get(tenantId) ?? NOTHING) };
  }

  /** Snapshots of all tenants that have run something, the one with the latest execution last. */
  all(): ReadonlyMap<string, TenantUsage> {
    return new Map([...this.#tenants].map(([tenantId, totals]) => [tenantId, { ...totals }]));
  }

  /** CPU time that is in no receipt. Of a tenant that was forgotten, nothing more is. */
  usedBeside(tenantId: string, cpuMs: number): void {
    const totals = this.#tenants.get(tenantId);
    if (totals) totals.cpuMs += cpuMs;
  }

  add(
    tenantId: string,
    receipt: UsageReceipt,
    hasFailed: boolean,
    what: 'executions' | 'compilations' = 'executions',
  ): void {
    const totals = this.#tenants.get(tenantId) ?? { ...NOTHING };
    totals[what]++;
    if (hasFailed) totals.errors++;
    for (const name of SUMMED) totals[name] += receipt[name];
    totals.peakMemoryBytes = Math.max(totals.peakMemoryBytes, receipt.peakMemoryBytes);
    if (tenantId === this.#latest) return;
    this.#latest = tenantId;
    // To the end of the map: what was used last is forgotten last.
    this.#tenants.delete(tenantId);
    this.#tenants.set(tenantId, totals);
    const [oldest] = this.#tenants.keys();
    if (this.#tenants.size > MAX_TENANTS && oldest !== undefined) this.#tenants.delete(oldest);
  }
}

/** From so much of all CPUs on, a tenant's VMs have this priority (nice); how it was found is in docs/adr/0007-cpu-fairness.md. */
const STEPS: readonly { readonly share: number; readonly nice: number }[] = [
  { share: 1 / 2, nice: 15 },
  { share: 1 / 4, nice: 10 },
  { share: 1 / 8, nice: 5 },
];
/** A step is kept until the share has fallen this far below it: every change takes as long as a short execution. */
const KEEPS = 0.7;
/** What was used so long ago counts a third (e⁻¹). */
const MEMORY_MS = 500;

interface Used {
  /** CPU time, the less the longer ago. */
  ms: number;
  seenAt: number;
  nice: number;
}

/**
 * How much of the CPUs tenants take lately, and which priority their VMs have for that. Each execution of a flood is short, so it does not
 * show in any one of them.
 */
export class TenantCpu {
  readonly #tenants = new Map<string, Used>();
  #fadedAt = 0;

  constructor(private readonly cpus: number) {}

  /**
   * One of the tenant's VMs has used this since it was last looked at; 0 when it just begins to.
   *
   * @param now of `performance.now()` @param overMs how long ago that was: of a VM that is mostly seen at rest, long
   */
  uses(tenantId: string, ms: number, now: number, overMs = 0): void {
    const used = this.#tenants.get(tenantId) ?? { ms: 0, seenAt: now, nice: 0 };
    used.ms += overMs > MEMORY_MS ? (ms * MEMORY_MS) / overMs : ms;
    used.seenAt = now;
    this.#tenants.set(tenantId, used);
  }

  /** To be called regularly while anything is used. */
  fade(now: number): void {
    const kept = Math.exp((this.#fadedAt - now) / MEMORY_MS);
    this.#fadedAt = now;
    for (const [tenantId, used] of this.#tenants) {
      used.ms *= kept;
      used.nice = niceOf(used.ms / (MEMORY_MS * this.cpus), used.nice);
      if (used.nice === 0 && now - used.seenAt > MEMORY_MS) this.#tenants.delete(tenantId);
    }
  }

  /** How much of all CPUs tenants take lately, together. */
  get share(): number {
    let ms = 0;
    for (const used of this.#tenants.values()) ms += used.ms;
    return ms / (MEMORY_MS * this.cpus);
  }

  /** 0, the usual one, as well for a tenant that has them to itself: there is nobody to come first. */
  niceOf(tenantId: string): number {
    return this.#tenants.size < 2 ? 0 : (this.#tenants.get(tenantId)?.nice ?? 0);
  }
}

function niceOf(share: number, before: number): number {
  const reached = STEPS.find((step) => share >= step.share)?.nice ?? 0;
  const kept = STEPS.find((step) => share >= KEEPS * step.share)?.nice ?? 0;
  return Math.max(reached, Math.min(kept, before));
}

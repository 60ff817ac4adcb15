/** What has become of warm realms, of all VMs together. */
export interface WarmStats {
  /** Realms that are kept now. */
  readonly kept: number;
  /** Invocations that found their realm, since the start. */
  readonly hits: number;
  /** Invocations that did not, and for which one was made. */
  readonly misses: number;
  /** Realms that went to make room, unused for too long or used too often. */
  readonly evictions: number;
  /** Realms that went with their isolate, or their VM. */
  readonly losses: number;
}

/** Counts that VMs share. */
export class WarmCounts {
  kept = 0;
  hits = 0;
  misses = 0;
  evictions = 0;
  losses = 0;

  stats(): WarmStats {
    const { kept, hits, misses, evictions, losses } = this;
    return { kept, hits, misses, evictions, losses };
  }
}

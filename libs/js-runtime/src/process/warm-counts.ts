/** Why a realm goes before its VM or isolate does. */
export type EvictionReason =
  /** Nobody had used it for too long. */
  | 'idle'
  /** It was used often enough. */
  | 'uses'
  /** Something that its modules import has changed. */
  | 'imports'
  /** Its VM had too many. */
  | 'vm'
  /** Its tenant had too many. */
  | 'tenant'
  /** There were too many. */
  | 'pool'
  /** They took too much memory. */
  | 'memory';

/** What has become of warm realms, of all VMs together. */
export interface WarmStats {
  /** Realms that are kept now. */
  readonly kept: number;
  /** What they take: by how much their processes have grown since they keep any. */
  readonly bytes: number;
  /** Invocations that found their realm, since the start. */
  readonly hits: number;
  /** Invocations that did not, and for which one was made. */
  readonly misses: number;
  /** Realms that were let go, by reason. */
  readonly evictions: Readonly<Record<EvictionReason, number>>;
  /** Realms that went with their isolate, or their VM. */
  readonly losses: number;
}

/** Counts that VMs share. */
export class WarmCounts {
  kept = 0;
  bytes = 0;
  hits = 0;
  misses = 0;
  losses = 0;
  readonly evictions: Record<EvictionReason, number> = {
    idle: 0,
    uses: 0,
    imports: 0,
    vm: 0,
    tenant: 0,
    pool: 0,
    memory: 0,
  };

  stats(): WarmStats {
    const { kept, bytes, hits, misses, losses, evictions } = this;
    return { kept, bytes, hits, misses, evictions: { ...evictions }, losses };
  }
}

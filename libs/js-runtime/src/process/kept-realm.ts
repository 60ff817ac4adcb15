import type { LinkedModules } from './linked-modules.ts';
import { Place, RecencyList } from './recency-list.ts';
import type { EvictionReason } from './warm-counts.ts';

/** What a realm is kept as. */
export interface KeepAs {
  /** Of the script, with what else its realm is for. */
  readonly key: string;
  readonly tenantId: string;
  /** What its modules import; undefined where there are none. */
  readonly linked?: LinkedModules | undefined;
}

/** A warm realm, and where it is in the lists that say which one goes next. */
export class KeptRealm {
  uses = 1;
  usedAt = performance.now();
  readonly inVm = new Place<KeptRealm>(this);
  readonly ofTenant = new Place<KeptRealm>(this);
  readonly inPool = new Place<KeptRealm>(this);

  constructor(
    readonly key: string,
    readonly linked: LinkedModules | undefined,
    /** Its number in its VM. */
    readonly number: number,
    readonly tenant: TenantRealms,
    /** Has its VM let it go. */
    readonly evict: (realm: KeptRealm, reason: EvictionReason) => void,
  ) {}
}

/** The warm realms of one tenant, in all its VMs. */
export class TenantRealms {
  readonly byRecency = new RecencyList<KeptRealm>();
  count = 0;
  bytes = 0;

  constructor(readonly tenantId: string) {}
}

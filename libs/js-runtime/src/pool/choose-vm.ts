import type { WantedScript } from '../admission/tenant-line.ts';
import type { TenantBoundary } from '../config/tenant-policy.ts';
import { areAlike } from './demand.ts';
import type { PooledVm } from './pooled-vm.ts';

/**
 * The VM that a tenant can have at once: one that keeps the realm that is wanted, else its own idle one, else one that is nobody's, else
 * an own one that still makes its next realm. Of several own ones one that holds the script, and of those the one used last, whose
 * caches are warmest.
 */
export function chooseReady(
  vms: Iterable<PooledVm>,
  tenantId: string,
  boundary: TenantBoundary,
  script?: WantedScript,
): PooledVm | undefined {
  let best: PooledVm | undefined;
  let bestRank = Infinity;
  for (const vm of vms) {
    const rank = rankFor(vm, tenantId, boundary, script);
    if (rank < bestRank || (rank === bestRank && rank < Infinity && best && vm.lastUsedAt > best.lastUsedAt)) {
      best = vm;
      bestRank = rank;
    }
  }
  return best;
}

function rankFor(vm: PooledVm, tenantId: string, boundary: TenantBoundary, script?: WantedScript): number {
  if (!vm.isFree || (boundary === 'process' && vm.isShared)) return Infinity;
  if (vm.tenantId === undefined) return 2;
  if (vm.tenantId !== tenantId) return Infinity;
  if (script?.realmKey !== undefined && vm.vm.keeps(script.realmKey, script.maxMemoryMb)) return -1;
  const isHeld = script !== undefined && vm.vm.held(script.key, script.maxMemoryMb) !== undefined;
  return (vm.state === 'idle' ? 0 : 3) + (isHeld ? 0 : 1);
}

/**
 * The free VM of another tenant that will be missed least: if it can, one that keeps its process; of these the one that was asked for
 * least, and least recently.
 */
export function chooseToRebind(vms: Iterable<PooledVm>, boundary: TenantBoundary): PooledVm | undefined {
  let best: PooledVm | undefined;
  for (const vm of vms) {
    if (!vm.isFree || (vm.tenantId === undefined && !vm.isShared)) continue;
    if (!best || isEasierToRebind(vm, best, boundary)) best = vm;
  }
  return best;
}

/** Whether a new isolate is enough to make it another tenant's; else it takes a new process. */
export function canBeReset(vm: PooledVm, boundary: TenantBoundary): boolean {
  return boundary === 'isolate' && vm.boundary === 'isolate' && vm.vm.canBeReset;
}

function isEasierToRebind(one: PooledVm, other: PooledVm, boundary: TenantBoundary): boolean {
  const resets = canBeReset(one, boundary);
  if (resets !== canBeReset(other, boundary)) return resets;
  return areAlike(one.demand, other.demand) ? one.lastUsedAt < other.lastUsedAt : one.demand < other.demand;
}

/** The free VM to do without: the least recently used. */
export function chooseToRetire(vms: Iterable<PooledVm>): PooledVm | undefined {
  let best: PooledVm | undefined;
  for (const vm of vms) if (vm.isFree && (!best || vm.lastUsedAt < best.lastUsedAt)) best = vm;
  return best;
}

import type { PooledVm } from './pooled-vm.ts';
import type { VmState } from './vm-state.ts';

/** The VMs of a pool: those that start, those that are there, and those whose process is not gone yet. */
export class Fleet implements Iterable<PooledVm> {
  readonly #vms = new Set<PooledVm>();

  [Symbol.iterator](): Iterator<PooledVm> {
    return this.#vms.values();
  }

  add(pooled: PooledVm): void {
    this.#vms.add(pooled);
  }

  delete(pooled: PooledVm): void {
    this.#vms.delete(pooled);
  }

  get size(): number {
    return this.#vms.size;
  }

  count(condition: (pooled: PooledVm) => boolean): number {
    let count = 0;
    for (const pooled of this.#vms) if (condition(pooled)) count++;
    return count;
  }

  has(condition: (pooled: PooledVm) => boolean): boolean {
    for (const pooled of this.#vms) if (condition(pooled)) return true;
    return false;
  }

  countByState(): Readonly<Record<VmState, number>> {
    const count = { starting: 0, idle: 0, leased: 0, recycling: 0, retired: 0 };
    for (const { state } of this.#vms) count[state]++;
    return count;
  }
}

export function isStarting({ state }: PooledVm): boolean {
  return state === 'starting';
}

/** Told to end, or ended, and its process is not gone yet. */
export function isRetired({ state }: PooledVm): boolean {
  return state === 'retired';
}

/** Ready, at work, or soon ready again. */
export function isThere({ state }: PooledVm): boolean {
  return state !== 'starting' && state !== 'retired';
}

/** There, and not to be replaced. */
export function isFresh(pooled: PooledVm): boolean {
  return isThere(pooled) && pooled.dueFor === undefined;
}

export function isFree(pooled: PooledVm): boolean {
  return pooled.isFree;
}

export function isBeingFreed(pooled: PooledVm): boolean {
  return pooled.isBeingFreed;
}

export function isAtWork(pooled: PooledVm): boolean {
  return pooled.isAtWork;
}

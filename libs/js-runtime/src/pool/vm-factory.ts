import type { VmExit } from '../process/vm-gone.error.ts';
import type { VmProcess } from '../process/vm-process.ts';
import type { WarmStats } from '../process/warm-counts.ts';
import type { RetireReason } from '../process/retire-reason.ts';

/** A VM as whoever leases it has it. */
export type Vm = Pick<
  VmProcess,
  | 'id'
  | 'pid'
  | 'alive'
  | 'exited'
  | 'held'
  | 'cpuMs'
  | 'lastSeenBytes'
  | 'run'
  | 'compile'
  | 'link'
  | 'kill'
  | 'keeps'
  | 'warmRealm'
  | 'linked'
  | 'invoke'
  | 'recall'
  | 'cancel'
  | 'forget'
>;

/** A VM as the pool has it. */
export interface PoolVm extends Vm {
  /** Heap limit of its isolate, once a request has had one. */
  readonly isolateMemoryMb: number | undefined;
  /** Whether its next realm is made. */
  readonly recycled: boolean;
  /** Whether it works on a request. */
  readonly busy: boolean;
  /** Whether former requests have left too much memory taken in it. */
  readonly keepsTooMuch: boolean;
  /** Whether another isolate makes it fit for another tenant; else that takes another process. */
  readonly canBeReset: boolean;
  /** Called when its next realm is made. */
  onRecycled: (() => void) | undefined;
  /** Whether making it takes the VM longer than this, waiting for a CPU not included. */
  recyclingOverdue(timeoutMs: number): boolean;
  /** What it has used of the CPUs since it was started, in milliseconds; undefined where nobody can tell. */
  cpuMs(): number | undefined;
  /** Memory that is its alone; undefined where nobody can tell. */
  memoryBytes(): number | undefined;
  /** Asked every some milliseconds while it is leased: ends it when its request has used more than it may. */
  enforceLimits(): void;
  /** 0 is the priority it started with, 19 the lowest. False when the operating system refuses. */
  setPriority(nice: number): boolean;
  /** Runs a script in a fresh realm. @throws VmGoneError when it does not answer in time; it is ended then */
  check(timeoutMs: number): Promise<void>;
}
export type { VmExit };

/** Where the pool gets its VMs from. The default starts real processes; another is given to `forRoot` as `vmFactory`. */
export interface VmFactory {
  /** Starts a VM that serves no tenant yet. Rejects when it is not ready in time, or when the signal fires first. */
  create(signal: AbortSignal): Promise<PoolVm>;
  /** Makes a VM fit for another tenant: nothing of the former one may be left in it. One that takes too long is ended. */
  reset(vm: PoolVm, timeoutMs: number): Promise<void>;
  /** Ends a VM; resolves when its process is gone. */
  destroy(vm: PoolVm, reason: RetireReason): Promise<void>;
  /** What its VMs keep warm; left out where they keep nothing. */
  readonly warmStats?: WarmStats;
}

export const VM_FACTORY = Symbol('VM_FACTORY');

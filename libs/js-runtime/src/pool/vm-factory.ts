import type { VmExit } from '../process/vm-gone.error.ts';
import type { VmProcess } from '../process/vm-process.ts';
import type { RetireReason } from '../process/retire-reason.ts';

/** What the pool and its users need of a VM. */
export type Vm = Pick<
  VmProcess,
  'id' | 'pid' | 'alive' | 'recycled' | 'exited' | 'keptScripts' | 'run' | 'compile' | 'check' | 'kill'
>;
export type { VmExit };

/** Where the pool gets its VMs from. The default starts real processes; inject another under {@link VM_FACTORY}. */
export interface VmFactory {
  /** Starts a VM that serves no tenant yet. Rejects when it is not ready in time, or when the signal fires first. */
  create(signal: AbortSignal): Promise<Vm>;
  /** Makes a VM fit for another tenant: nothing of the former one may be left in it. One that takes too long is ended. */
  reset(vm: Vm, tenantId: string, timeoutMs: number): Promise<void>;
  /** Ends a VM; resolves when its process is gone. */
  destroy(vm: Vm, reason: RetireReason): Promise<void>;
}

export const VM_FACTORY = Symbol('VM_FACTORY');

import type { VmState } from './vm-state.ts';

/** What the pool tells of one VM. Times are milliseconds since the epoch. */
export interface VmInfo {
  readonly id: string;
  readonly pid: number;
  readonly state: VmState;
  /** The tenant whose isolate this is; undefined while it is nobody's. */
  readonly tenantId: string | undefined;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly useCount: number;
  /** False once it was told to end, or did. */
  readonly healthy: boolean;
}

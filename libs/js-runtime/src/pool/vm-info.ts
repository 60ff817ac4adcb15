/** `idle`: waits for work; `leased`: one execution has it. */
export type VmState = 'idle' | 'leased';

/** What the pool tells of one VM. Times are milliseconds since the epoch. */
export interface VmInfo {
  readonly id: string;
  readonly pid: number;
  readonly state: VmState;
  /** The tenant whose isolate this is; undefined until its first lease. */
  readonly tenantId: string | undefined;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly useCount: number;
  readonly healthy: boolean;
}

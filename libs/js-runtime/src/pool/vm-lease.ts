import type { Vm } from './vm-factory.ts';

/** The right to use one VM until it is given back. */
export interface VmLease {
  readonly vm: Vm;
  readonly tenantId: string;
}

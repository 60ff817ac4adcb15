import { LeasedVm } from './leased-vm.ts';
import type { Vm } from './vm-factory.ts';

/** The right to use one VM until it is given back. */
export class VmLease {
  /** Refuses to work once the lease was released. */
  readonly vm: Vm;
  #isReleased = false;

  constructor(
    vm: Vm,
    readonly tenantId: string,
  ) {
    this.vm = new LeasedVm(vm, () =>
      this.#isReleased ? new Error(`VM ${vm.id} was released; by now it may be another tenant's`) : undefined,
    );
  }

  get isReleased(): boolean {
    return this.#isReleased;
  }

  /** Called by the pool, once. */
  end(): void {
    this.#isReleased = true;
  }
}

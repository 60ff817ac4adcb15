import type { Vm } from '../../pool/vm-factory.ts';

/** What a VM uses of the CPUs during a lease, and what of that its invocations are charged with: of those, it only says so itself. */
export class LeaseCpu {
  readonly #vm: Pick<Vm, 'cpuMs'>;
  readonly #msBefore: number | undefined;
  /** When it was last looked at. */
  #ms: number | undefined;
  #chargedMs = 0;

  constructor(vm: Pick<Vm, 'cpuMs'>) {
    this.#vm = vm;
    this.#msBefore = this.#ms = vm.cpuMs();
  }

  charged(cpuMs: number): void {
    this.#chargedMs += cpuMs;
  }

  /** To be called every now and then: when its process has gone, nobody can tell any more. */
  look(): void {
    this.#ms = this.#vm.cpuMs() ?? this.#ms;
  }

  /** What was used, and nobody charged with. */
  restMs(): number {
    this.look();
    const { ms, msBefore } = { ms: this.#ms ?? 0, msBefore: this.#msBefore ?? 0 };
    return Math.max(0, ms - msBefore - this.#chargedMs);
  }
}

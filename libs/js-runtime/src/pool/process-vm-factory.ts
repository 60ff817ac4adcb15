import { Inject, Injectable, Logger } from '@nestjs/common';
import type { CompiledOptions } from '../config/options.schema.ts';
import { COMPILED_OPTIONS } from '../config/options.token.ts';
import { ApiRegistry } from '../host-api/api-registry.ts';
import { childCommand, type ChildCommand } from '../process/child-command.ts';
import { findPrlimit } from '../process/kernel-limits.ts';
import type { RetireReason } from '../process/retire-reason.ts';
import { WarmBudget } from '../process/warm-budget.ts';
import type { WarmStats } from '../process/warm-counts.ts';
import { VmProcess } from '../process/vm-process.ts';
import type { PoolVm, VmFactory } from './vm-factory.ts';

const MIB = 1024 * 1024;

/** Makes VMs that are child processes, each with one isolate. */
@Injectable()
export class ProcessVmFactory implements VmFactory {
  /** See `VmProcessOptions`; given in tests. */
  protected readonly killGraceMs: number | undefined = undefined;
  readonly #options: CompiledOptions;
  #command: ChildCommand | undefined;
  #created = 0;
  readonly #warmBudget: WarmBudget;

  constructor(
    @Inject(COMPILED_OPTIONS) options: CompiledOptions,
    private readonly apis: ApiRegistry,
  ) {
    this.#options = options;
    this.#warmBudget = new WarmBudget({
      maxRealmsPerVm: options.warmRealmsPerVm,
      maxRealmsPerTenant: options.warmMaxRealmsPerTenant,
      maxRealms: options.warmMaxRealms,
      maxBytes: options.warmMaxMemoryMb * MIB,
      maxIdleMs: options.warmIdleMs,
      maxUses: options.warmMaxUses,
    });
  }

  get warmStats(): WarmStats {
    return this.#warmBudget.counts.stats();
  }

  async create(signal: AbortSignal): Promise<PoolVm> {
    this.#command ??= this.#findCommand();
    return VmProcess.start({
      id: `vm-${++this.#created}`,
      command: this.#command,
      startTimeoutMs: this.#options.vmCreateTimeoutMs,
      warmBudget: this.#warmBudget,
      killGraceMs: this.killGraceMs,
      signal,
    });
  }

  #findCommand(): ChildCommand {
    if (process.platform === 'linux' && findPrlimit() === '') {
      new Logger('VmPool').warn(
        "There is no util-linux prlimit: the kernel does not limit a VM's memory and descriptors",
      );
    }
    return childCommand({ ...this.#options, maxOverlap: this.#options.warmMaxOverlap, apis: this.apis.headers });
  }

  async reset(vm: PoolVm, timeoutMs: number): Promise<void> {
    await (vm as VmProcess).reset(timeoutMs);
  }

  async destroy(vm: PoolVm, reason: RetireReason): Promise<void> {
    vm.kill(reason);
    await vm.exited;
  }
}

import { Inject, Injectable } from '@nestjs/common';
import type { CompiledOptions } from '../../../libs/js-runtime/src/config/options.schema.ts';
import { COMPILED_OPTIONS } from '../../../libs/js-runtime/src/config/options.token.ts';
import { ApiRegistry } from '../../../libs/js-runtime/src/host-api/api-registry.ts';
import { ProcessVmFactory } from '../../../libs/js-runtime/src/pool/process-vm-factory.ts';
import type { PoolVm } from '../../../libs/js-runtime/src/pool/vm-factory.ts';
import { VmProcess } from '../../../libs/js-runtime/src/process/vm-process.ts';
import type { FakePlan } from '../../../libs/js-runtime/test-support/fake-vm.ts';
import { fake } from '../../../libs/js-runtime/test-support/use-vm-processes.ts';

/** Real VMs, unless a test has asked for a hostile one. */
@Injectable()
export class HostileVmFactory extends ProcessVmFactory {
  /** What the next VM does; real again after it. */
  static plan: FakePlan | undefined;
  /** Of the last hostile VM that was started. */
  static pid = 0;
  readonly #options: CompiledOptions;

  constructor(@Inject(COMPILED_OPTIONS) options: CompiledOptions, apis: ApiRegistry) {
    super(options, apis);
    this.#options = options;
  }

  override async create(signal: AbortSignal): Promise<PoolVm> {
    const { plan } = HostileVmFactory;
    if (!plan) return super.create(signal);
    HostileVmFactory.plan = undefined;
    const vm = await VmProcess.start({
      id: 'hostile',
      command: fake(plan),
      startTimeoutMs: this.#options.vmCreateTimeoutMs,
      signal,
    });
    HostileVmFactory.pid = vm.pid;
    return vm;
  }
}

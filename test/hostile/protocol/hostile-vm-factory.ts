import { Injectable } from '@nestjs/common';
import { ProcessVmFactory } from '../../../libs/js-runtime/src/pool/process-vm-factory.ts';
import type { PoolVm } from '../../../libs/js-runtime/src/pool/vm-factory.ts';
import { VmProcess } from '../../../libs/js-runtime/src/process/vm-process.ts';
import type { FakePlan } from '../../../libs/js-runtime/test-support/fake-vm.ts';
import { fake } from '../../../libs/js-runtime/test-support/use-vm-processes.ts';

/** Of a hostile VM, however short the options make that of a reset, which is the same. */
const START_TIMEOUT_MS = 20_000;

/** Real VMs, unless a test has asked for a hostile one. */
@Injectable()
export class HostileVmFactory extends ProcessVmFactory {
  /** What the next VM does; real again after it. */
  static plan: FakePlan | undefined;
  /** Of the last hostile VM that was started. */
  static pid = 0;

  override async create(signal: AbortSignal): Promise<PoolVm> {
    const { plan } = HostileVmFactory;
    if (!plan) return super.create(signal);
    HostileVmFactory.plan = undefined;
    const vm = await VmProcess.start({
      id: 'hostile',
      command: fake(plan),
      startTimeoutMs: START_TIMEOUT_MS,
      signal,
    });
    HostileVmFactory.pid = vm.pid;
    return vm;
  }
}

import { Inject, Injectable } from '@nestjs/common';
import type { CompiledOptions } from '../config/options.schema.ts';
import { COMPILED_OPTIONS } from '../config/options.token.ts';
import { childCommand, type ChildCommand } from '../process/child-command.ts';
import type { RetireReason } from '../process/retire-reason.ts';
import { VmProcess } from '../process/vm-process.ts';
import type { Vm, VmFactory } from './vm-factory.ts';

const MIB = 1024 * 1024;

/** Makes VMs that are child processes, each with one isolate. */
@Injectable()
export class ProcessVmFactory implements VmFactory {
  readonly #options: CompiledOptions;
  readonly #maxFrameBytes: number;
  #command: ChildCommand | undefined;
  #created = 0;

  constructor(@Inject(COMPILED_OPTIONS) options: CompiledOptions) {
    this.#options = options;
    this.#maxFrameBytes = maxFrameBytesOf(options);
  }

  async create(signal: AbortSignal): Promise<Vm> {
    this.#command ??= childCommand(this.#options);
    return VmProcess.start({
      id: `vm-${++this.#created}`,
      command: this.#command,
      startTimeoutMs: this.#options.vmCreateTimeoutMs,
      maxFrameBytes: this.#maxFrameBytes,
      signal,
    });
  }

  async reset(vm: Vm): Promise<void> {
    await (vm as VmProcess).reset(this.#options.vmCreateTimeoutMs);
  }

  async destroy(vm: Vm, reason: RetireReason): Promise<void> {
    vm.kill(reason);
    await vm.exited;
  }
}

/**
 * The most that an honest VM sends at once: a result, logs (a character takes up to six bytes in JSON, an entry some
 * more), and a code cache, which grows with the source.
 */
function maxFrameBytesOf(options: CompiledOptions): number {
  const { maxResultBytes, maxLogBytes, maxLogEntries, maxSourceBytes } = options;
  return maxResultBytes + 6 * maxLogBytes + 64 * maxLogEntries + 8 * maxSourceBytes + MIB;
}

import { Inject, Injectable } from '@nestjs/common';
import type { CompiledOptions } from '../config/options.schema.ts';
import { COMPILED_OPTIONS } from '../config/options.token.ts';
import { childCommand, type ChildCommand } from '../process/child-command.ts';
import type { RetireReason } from '../process/retire-reason.ts';
import { VmProcess } from '../process/vm-process.ts';
import { MAX_CODE_CACHE_BYTES } from '../protocol/messages.ts';
import type { PoolVm, VmFactory } from './vm-factory.ts';

/** Makes VMs that are child processes, each with one isolate. */
@Injectable()
export class ProcessVmFactory implements VmFactory {
  readonly #options: CompiledOptions;
  readonly #maxHeaderBytes: number;
  /** Header, result, code cache, and their length fields. */
  readonly #maxFrameBytes: number;
  #command: ChildCommand | undefined;
  #created = 0;

  constructor(@Inject(COMPILED_OPTIONS) options: CompiledOptions) {
    this.#options = options;
    this.#maxHeaderBytes = maxHeaderBytesOf(options);
    this.#maxFrameBytes = this.#maxHeaderBytes + options.maxResultBytes + MAX_CODE_CACHE_BYTES + 64;
  }

  async create(signal: AbortSignal): Promise<PoolVm> {
    this.#command ??= childCommand(this.#options);
    return VmProcess.start({
      id: `vm-${++this.#created}`,
      command: this.#command,
      startTimeoutMs: this.#options.vmCreateTimeoutMs,
      maxFrameBytes: this.#maxFrameBytes,
      maxHeaderBytes: this.#maxHeaderBytes,
      signal,
    });
  }

  async reset(vm: PoolVm, timeoutMs: number): Promise<void> {
    await (vm as VmProcess).reset(timeoutMs);
  }

  async destroy(vm: PoolVm, reason: RetireReason): Promise<void> {
    vm.kill(reason);
    await vm.exited;
  }
}

/**
 * The longest header that an honest VM sends: its logs (a character takes up to six bytes in JSON, an entry some more), and
 * an error.
 */
function maxHeaderBytesOf({ maxLogBytes, maxLogEntries }: CompiledOptions): number {
  return 6 * maxLogBytes + 64 * maxLogEntries + 256 * 1024;
}

import { totalmem } from 'node:os';
import { Inject, Injectable } from '@nestjs/common';
import type { CompiledOptions } from '../config/options.schema.ts';
import { COMPILED_OPTIONS } from '../config/options.token.ts';
import { CgroupMemory } from './cgroup-memory.ts';
import { EventLoopMeter } from './event-loop-meter.ts';
import type { LoadMeters } from './load-meters.ts';
import type { LoadStats } from './load-stats.ts';

const MIB = 1024 * 1024;

/** Measures this process, its VMs and the container that they are in. */
@Injectable()
export class MachineMeters implements LoadMeters {
  readonly #eventLoop = new EventLoopMeter();
  readonly #cgroup = CgroupMemory.find();
  readonly #limitMb: number | undefined;
  #lastOwnBytes = 0;

  constructor(@Inject(COMPILED_OPTIONS) { memoryLimitMb }: Pick<CompiledOptions, 'memoryLimitMb'>) {
    this.#limitMb = memoryLimitMb;
  }

  start(): void {
    this.#eventLoop.start();
  }

  memory(vmBytes: () => number): LoadStats['memory'] {
    if (this.#limitMb === undefined && this.#cgroup) {
      const usedBytes = this.#cgroup.usedBytes();
      if (usedBytes !== undefined) return { usedBytes, limitBytes: this.#cgroup.limitBytes, limitedBy: 'cgroup' };
    }
    const usedBytes = this.#ownBytes() + vmBytes();
    if (this.#limitMb !== undefined) return { usedBytes, limitBytes: this.#limitMb * MIB, limitedBy: 'option' };
    return { usedBytes, limitBytes: totalmem(), limitedBy: 'machine' };
  }

  #ownBytes(): number {
    try {
      this.#lastOwnBytes = process.memoryUsage.rss();
    } catch {
      // It reads a file, for which there may be no descriptor left: then what it was last has to do.
    }
    return this.#lastOwnBytes;
  }

  eventLoopDelayMs(): LoadStats['eventLoopDelayMs'] {
    return this.#eventLoop.take();
  }

  stop(): void {
    this.#eventLoop.stop();
  }
}

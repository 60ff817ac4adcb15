import { totalmem } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Inject, Injectable } from '@nestjs/common';
import type { CompiledOptions } from '../config/options.schema.ts';
import { COMPILED_OPTIONS } from '../config/options.token.ts';
import { CgroupMemory } from './cgroup-memory.ts';
import type { LoadMeters } from './load-meters.ts';
import type { LoadStats } from './load-stats.ts';

const MIB = 1024 * 1024;
const NS_PER_MS = 1e6;
/** So often the event loop is looked at: what is shorter does not matter here. */
const RESOLUTION_MS = 20;

/** Measures this process, its VMs and the container that they are in. */
@Injectable()
export class MachineMeters implements LoadMeters {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #cgroup = CgroupMemory.find();
  readonly #limitMb: number | undefined;
  #lastOwnBytes = 0;

  constructor(@Inject(COMPILED_OPTIONS) { memoryLimitMb }: Pick<CompiledOptions, 'memoryLimitMb'>) {
    this.#limitMb = memoryLimitMb;
  }

  start(): void {
    this.#delay.enable();
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
    const delay = this.#delay;
    if (delay.count === 0) return { mean: 0, p99: 0, max: 0 };
    // What it measures is the time between two looks.
    const late = (ns: number): number => Math.max(0, ns / NS_PER_MS - RESOLUTION_MS);
    const stats = { mean: late(delay.mean), p99: late(delay.percentile(99)), max: late(delay.max) };
    delay.reset();
    return stats;
  }

  stop(): void {
    this.#delay.disable();
  }
}

import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { CompiledOptions } from '../config/options.schema.ts';
import { COMPILED_OPTIONS } from '../config/options.token.ts';
import { LoadGauge } from './load-gauge.ts';
import { LOAD_METERS, type LoadMeters } from './load-meters.ts';
import type { LoadLevel, LoadStats } from './load-stats.ts';

/** Whatever has the VMs. */
export interface LoadSource {
  /** What the VM processes take. */
  vmBytes(): number;
  /** See `LoadStats`. Asked once in each interval. */
  queueWaitMs(): number;
  /** Called when the level has changed, and at each look while it is not `normal`. */
  onLoad(): void;
}

const NOTHING_MEASURED: Pick<LoadStats, 'memory' | 'eventLoopDelayMs' | 'queueWaitMs'> = {
  memory: { usedBytes: 0, limitBytes: 0, limitedBy: 'machine' },
  eventLoopDelayMs: { mean: 0, p99: 0, max: 0 },
  queueWaitMs: 0,
};

/**
 * Knows how loaded the backend is. `elevated`: the pool starts no VMs beyond its size, keeps half of them, and less may wait.
 * `critical`: besides, executions that come new are refused with OVERLOADED; those that run or wait go on.
 */
@Injectable()
export class LoadMonitor implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger('Load');
  readonly #gauge: LoadGauge;
  readonly #entered: Record<LoadLevel, number> = { normal: 0, elevated: 0, critical: 0 };
  #source: LoadSource | undefined;
  #measured = NOTHING_MEASURED;
  #timer: NodeJS.Timeout | undefined;
  #level: LoadLevel = 'normal';
  #isBlind = false;

  constructor(
    @Inject(COMPILED_OPTIONS) private readonly options: CompiledOptions,
    @Inject(LOAD_METERS) private readonly meters: LoadMeters,
  ) {
    this.#gauge = new LoadGauge({
      recoveryMs: options.loadRecoveryMs,
      thresholds: {
        memory: { elevated: options.elevatedMemoryPercent, critical: options.criticalMemoryPercent },
        eventLoopDelay: { elevated: options.elevatedEventLoopDelayMs, critical: options.criticalEventLoopDelayMs },
        queueWait: { elevated: options.elevatedQueueWaitMs, critical: options.criticalQueueWaitMs },
      },
    });
  }

  get level(): LoadLevel {
    return this.#level;
  }

  /** Tells who has the VMs. */
  watch(source: LoadSource): void {
    this.#source = source;
  }

  onModuleInit(): void {
    if (!this.options.loadEnabled) return;
    this.meters.start();
    this.#timer = setInterval(() => {
      this.look();
    }, this.options.loadIntervalMs).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
    this.meters.stop();
  }

  /** Measures, and draws the consequences. */
  look(): void {
    this.#measured = this.#measure();
    const { memory, eventLoopDelayMs, queueWaitMs } = this.#measured;
    const hasChanged = this.#gauge.look(
      {
        memory: memory.limitBytes > 0 ? (100 * memory.usedBytes) / memory.limitBytes : 0,
        eventLoopDelay: eventLoopDelayMs.p99,
        queueWait: queueWaitMs,
      },
      performance.now(),
    );
    if (hasChanged) {
      this.#level = this.#gauge.level;
      this.#entered[this.#level]++;
      this.#logChange();
    }
    if (hasChanged || this.#level !== 'normal') this.#source?.onLoad();
  }

  /** What cannot be measured, for want of descriptors for one, is no reason to end, nor to keep a level that nobody sees any more. */
  #measure(): typeof NOTHING_MEASURED {
    try {
      const memory = this.meters.memory(() => this.#source?.vmBytes() ?? 0);
      const eventLoopDelayMs = this.meters.eventLoopDelayMs();
      const queueWaitMs = this.#source?.queueWaitMs() ?? 0;
      this.#isBlind = false;
      return { memory, eventLoopDelayMs, queueWaitMs };
    } catch (error) {
      if (!this.#isBlind) this.#logger.error(`The load cannot be measured: ${(error as Error).message}`);
      this.#isBlind = true;
      return NOTHING_MEASURED;
    }
  }

  stats(): LoadStats {
    return { level: this.#level, causes: this.#gauge.causes, entered: { ...this.#entered }, ...this.#measured };
  }

  #logChange(): void {
    const { causes } = this.#gauge;
    const { memory, eventLoopDelayMs, queueWaitMs } = this.#measured;
    const usedMb = Math.round(memory.usedBytes / 2 ** 20);
    const limitMb = Math.round(memory.limitBytes / 2 ** 20);
    const figures = `memory ${usedMb} of ${limitMb} MB (${memory.limitedBy}), event loop ${Math.round(eventLoopDelayMs.p99)} ms late (p99), queue wait ${Math.round(queueWaitMs)} ms (p90)`;
    const why = causes.length > 0 ? `, for ${causes.join(', ')}` : '';
    const text = `The load is ${this.#level}${why}: ${figures}`;
    if (this.#level === 'normal') this.#logger.log(text);
    else this.#logger.warn(text);
  }
}

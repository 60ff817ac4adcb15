import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { CompiledOptions } from '../config/options.schema.ts';
import { COMPILED_OPTIONS } from '../config/options.token.ts';

/**
 * Has the backend say that it is not ready before it is not: for `shutdownDelayMs` after it was told to stop, executions are still
 * admitted, so that those who send them have time to notice. The first step of the end: Nest waits for every `onModuleDestroy`
 * before it goes on to `beforeApplicationShutdown`, where the pool drains.
 */
@Injectable()
export class StopNotice implements OnModuleDestroy {
  #isGiven = false;

  constructor(@Inject(COMPILED_OPTIONS) private readonly options: CompiledOptions) {}

  /** Whether the backend was told to stop. */
  get isGiven(): boolean {
    return this.#isGiven;
  }

  async onModuleDestroy(): Promise<void> {
    this.#isGiven = true;
    const { shutdownDelayMs } = this.options;
    if (shutdownDelayMs > 0) await sleep(shutdownDelayMs);
  }
}

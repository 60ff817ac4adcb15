import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { VmPoolService } from 'nestjs-js-runtime';

/** One Ctrl-C can arrive twice: from the terminal, which signals every process in it, and from npm, which passes it on. */
const SAME_SIGNAL_MS = 500;

/**
 * Lets a second SIGINT or SIGTERM end the process at once, for those who do not want to wait for what still runs; Nest
 * ignores it. The exit code is 1: that end was not in order.
 */
@Injectable()
export class SecondSignal implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger(SecondSignal.name);
  #firstAt: number | undefined;

  constructor(private readonly pool: VmPoolService) {}

  onApplicationBootstrap(): void {
    process.on('SIGINT', this.#onSignal).on('SIGTERM', this.#onSignal);
  }

  onApplicationShutdown(): void {
    process.off('SIGINT', this.#onSignal).off('SIGTERM', this.#onSignal);
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.#firstAt ??= performance.now();
    if (performance.now() - this.#firstAt < SAME_SIGNAL_MS) return;
    this.#logger.warn(`A second signal, ${signal}: ends at once, whatever runs`);
    // Most would end by themselves; but where there is no setpriv, one that cannot be interrupted would not.
    for (const { pid } of this.pool.vms()) killIfThere(pid);
    process.exit(1);
  };
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

import { readMemory } from './memory-meter.ts';
import type { Target } from './target.ts';

const SAMPLE_EVERY_MS = 5;
/** VMs come and go; asking the backend costs it something. */
const ASK_EVERY_MS = 50;

/** Watches how large the VM processes of a backend become, whichever there are. */
export class PeakWatch {
  /** Of any of them, in all. */
  peakMb = 0;
  /** Most of what any took before its first execution: all are the same program. */
  idleMb = 0;
  readonly #pids = new Set<number>();
  readonly #timers: readonly NodeJS.Timeout[];

  constructor(target: Target) {
    const ask = (): void => {
      void target.pool().then(({ vms }) => {
        for (const { pid, useCount } of vms) {
          this.#pids.add(pid);
          if (useCount === 0) this.idleMb = Math.max(this.idleMb, readMemory(pid).rssMb);
        }
      });
    };
    ask();
    this.#timers = [
      setInterval(ask, ASK_EVERY_MS),
      setInterval(() => {
        this.#sample();
      }, SAMPLE_EVERY_MS),
    ];
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #sample(): void {
    for (const pid of this.#pids) {
      const { peakMb } = readMemory(pid);
      if (peakMb === 0) this.#pids.delete(pid);
      this.peakMb = Math.max(this.peakMb, peakMb);
    }
  }
}

import { Worker } from 'node:worker_threads';
import type { Schedule } from './arrivals.ts';

/** What the thread is told. */
export interface Beat {
  readonly schedule: Schedule;
  /** Of `nowMs()`. */
  readonly startsAt: number;
  /** At least so long from one beat to the next: what comes meanwhile comes together. */
  readonly minGapMs: number;
  /** Not 0 from a beat until it was heard: meanwhile there is no other. */
  readonly unheard: Int32Array;
}

/**
 * Beats when the next arrival is due. A timer of Node's is up to a millisecond late, longer than an execution takes, and a loop
 * that looks at the clock takes a CPU from what is measured; so a thread sleeps until then (`Atomics.wait`), and all that this
 * one has to do is to hear it.
 */
export function startMetronome(beat: Omit<Beat, 'unheard'>, onBeat: () => void): Worker {
  const unheard = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('metronome-thread.ts', import.meta.url), {
    workerData: { ...beat, unheard } satisfies Beat,
  });
  worker.on('message', () => {
    Atomics.store(unheard, 0, 0);
    onBeat();
  });
  return worker;
}

import { parentPort, workerData } from 'node:worker_threads';
import { arrivalsOf } from './arrivals.ts';
import { nowMs } from './clock.ts';
import type { Beat } from './metronome.ts';

const { schedule, startsAt, minGapMs, unheard } = workerData as Beat;
const never = new Int32Array(new SharedArrayBuffer(4));
let lastAt = 0;

for (const atMs of arrivalsOf(schedule)) {
  // The last beat was for this one, too.
  if (atMs <= lastAt) continue;
  const waitMs = Math.max(startsAt + atMs, startsAt + lastAt + minGapMs) - nowMs();
  if (waitMs > 0) Atomics.wait(never, 0, 0, waitMs);
  lastAt = nowMs() - startsAt;
  if (Atomics.exchange(unheard, 0, 1) === 0) parentPort?.postMessage(null);
}

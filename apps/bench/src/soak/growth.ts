import { median } from '../report.ts';
import type { Sample } from './sample.ts';

/*
 * Whether memory grows, told apart from memory that varies:
 *
 * - The first third of the samples is warm-up: code is compiled and optimized, caches and the heap take their sizes.
 * - Through the rest goes a line by Theil and Sen, the median of the slopes between any two samples, over the executions
 *   done. A few samples that caught a large result in memory do not turn it, as they would a least-squares line.
 * - What counts is by how much that line rises from the first sample to the last. What is bounded rises by no more however
 *   long the run, a leak rises with it: so a long run finds small leaks, a short one only large ones. Each says which.
 *
 * `npm run soak` keeps V8's young generation small (--max-semi-space-size): it grows with the rate of allocation, so RSS rose
 * by 30 MB whenever the machine became faster.
 */

const WARM_UP_SHARE = 1 / 3;
/** With fewer samples a line means nothing. */
const MIN_SAMPLES = 10;

export interface Growth {
  readonly bytesPerExecution: number;
  readonly riseMb: number;
  /** Executions between the first sample that counts and the last. */
  readonly executions: number;
}

/** Undefined when there are too few samples to tell. */
export function growthOf(samples: readonly Sample[], read: (sample: Sample) => number): Growth | undefined {
  const counting = samples.slice(Math.ceil(samples.length * WARM_UP_SHARE));
  const [first, last] = [counting[0], counting.at(-1)];
  if (!first || !last || counting.length < MIN_SAMPLES) return undefined;
  const slopes: number[] = [];
  for (const [index, one] of counting.entries()) {
    for (const other of counting.slice(index + 1)) {
      if (other.executions === one.executions) continue;
      slopes.push((read(other) - read(one)) / (other.executions - one.executions));
    }
  }
  const slope = median(slopes);
  const executions = last.executions - first.executions;
  return { bytesPerExecution: slope * 1024 * 1024, riseMb: slope * executions, executions };
}

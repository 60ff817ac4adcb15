import { seededRandom } from '../soak/random.ts';

const CHANCES = 2 ** 32;

/** When requests come. */
export interface Schedule {
  /** `poisson`: as many callers who know nothing of each other; `even`: one that has its own pace. */
  readonly kind: 'poisson' | 'even';
  readonly perSecond: number;
  readonly forMs: number;
  /** Of the chances of `poisson`. */
  readonly seed: number;
}

/** The times of all arrivals from the start on, in milliseconds. The same schedule gives the same ones, in any thread. */
export function* arrivalsOf({ kind, perSecond, forMs, seed }: Schedule): Generator<number, void, undefined> {
  const meanGapMs = 1000 / perSecond;
  const random = seededRandom(seed);
  let atMs = 0;
  for (;;) {
    // Gaps between independent arrivals are exponential: the logarithm makes them from even chances.
    atMs += kind === 'even' ? meanGapMs : -Math.log(1 - random(CHANCES) / CHANCES) * meanGapMs;
    if (atMs >= forMs) return;
    yield atMs;
  }
}

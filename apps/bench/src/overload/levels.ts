import { median, percentile, Tally } from '../report.ts';
import { runClosedLoop } from './closed-loop.ts';
import { Observed } from './observed.ts';
import { runOpenLoop } from './open-loop.ts';
import type { Plan } from './plan.ts';
import type { Progress } from './progress.ts';
import { TRIVIAL, type Target } from './target.ts';
import { tenantOf } from './tenants.ts';

/** What one level of load came to: medians of its rounds. */
export interface Level {
  /** Times of what can be done. */
  readonly factor: number;
  readonly offeredPerSecond: number;
  readonly goodputPerSecond: number;
  /** Of requests that were done, from when they should have come. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** From when they should have come until they were told. */
  readonly refusedP99Ms: number | undefined;
  /** How late requests were made; part of all times. */
  readonly lagP99Ms: number;
  /** Of all rounds, `OK` included. */
  readonly outcomes: Readonly<Record<string, number>>;
}

export interface Levels {
  /** Of the closed loop. */
  readonly capacityPerSecond: number;
  readonly capacityP50Ms: number;
  readonly levels: readonly Level[];
}

/** More than can be done is not made one by one: what came would be nothing but wake-ups, and it waits for far longer anyway. */
const [FINE_GAP_MS, COARSE_GAP_MS] = [0.1, 2];

interface Round {
  readonly observed: Observed;
  readonly lagsMs: readonly number[];
}

/** Rounds of all levels alternate, so that the machine's mood falls on all of them. */
export async function measureLevels(target: Target, plan: Plan, progress: Progress): Promise<Levels> {
  progress.next('warm-up');
  await runClosedLoop(target, plan);
  await target.rest();
  const closed: Observed[] = [];
  for (let round = 0; round < plan.rounds; round++) {
    progress.next(`closed loop, ${plan.inFlight} in flight, round ${round + 1}`);
    const observed = await runClosedLoop(target, plan);
    closed.push(observed);
    progress.tell(`${observed.goodput.toFixed(0)}/s`);
    await target.rest();
  }
  const capacityPerSecond = median(closed.map(({ goodput }) => goodput));
  const rounds = new Map<number, Round[]>(plan.factors.map((factor) => [factor, []]));
  for (let round = 0; round < plan.rounds; round++) {
    for (const [factor, done] of rounds) {
      progress.next(`${factor} times capacity, round ${round + 1}`);
      const measured = await measureRound(target, plan, factor * capacityPerSecond, factor > 1, round);
      done.push(measured);
      const { goodput, p99Ms, outcomes } = measured.observed;
      progress.tell(`${goodput.toFixed(0)}/s, p99 ${p99Ms.toFixed(1)} ms; ${String(outcomes)}`);
      await target.rest();
    }
  }
  return {
    capacityPerSecond,
    capacityP50Ms: median(closed.map(({ p50Ms }) => p50Ms)),
    levels: [...rounds].map(([factor, done]) => levelOf(factor, done)),
  };
}

async function measureRound(
  target: Target,
  plan: Plan,
  perSecond: number,
  isTooMuch: boolean,
  seed: number,
): Promise<Round> {
  const observed = new Observed({ fromMs: plan.risingMs, toMs: plan.levelMs });
  const lagsMs = await runOpenLoop({
    schedule: { kind: 'poisson', perSecond, forMs: plan.levelMs, seed },
    minGapMs: isTooMuch ? COARSE_GAP_MS : FINE_GAP_MS,
    request: async (arrival) => {
      observed.ended(arrival, await target.request(tenantOf(arrival.index, plan.tenants), TRIVIAL));
    },
  });
  return { observed, lagsMs };
}

function levelOf(factor: number, rounds: readonly Round[]): Level {
  const medianOf = (read: (round: Round) => number): number => median(rounds.map(read));
  const outcomes = new Tally();
  for (const { observed } of rounds)
    for (const [outcome, count] of observed.outcomes.entries()) outcomes.add(outcome, count);
  const refusedP99Ms = medianOf(({ observed }) => percentile(observed.refusedMs, 99));
  return {
    factor,
    offeredPerSecond: medianOf(({ observed }) => observed.offered),
    goodputPerSecond: medianOf(({ observed }) => observed.goodput),
    p50Ms: medianOf(({ observed }) => observed.p50Ms),
    p99Ms: medianOf(({ observed }) => observed.p99Ms),
    refusedP99Ms: Number.isNaN(refusedP99Ms) ? undefined : refusedP99Ms,
    lagP99Ms: medianOf(({ lagsMs }) => percentile(lagsMs, 99)),
    outcomes: Object.fromEntries(outcomes.entries()),
  };
}

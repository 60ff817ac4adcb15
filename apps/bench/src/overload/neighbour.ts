import { median, Tally } from '../report.ts';
import { Observed } from './observed.ts';
import { runOpenLoop } from './open-loop.ts';
import type { Plan } from './plan.ts';
import type { Progress } from './progress.ts';
import { ENDLESS, TRIVIAL, type Target, type Work } from './target.ts';
import { FLOODING, POLITE } from './tenants.ts';

/** What a polite tenant has beside one that floods; medians of the rounds. */
export interface Neighbour {
  /** Undefined: alone. */
  readonly flood: { readonly title: string; readonly perSecond: number } | undefined;
  /** Of all rounds. */
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly floodOutcomes: Readonly<Record<string, number>>;
}

interface Flood {
  readonly title: string;
  readonly perSecond: number;
  readonly work: Work;
}

interface Case {
  readonly flood: Flood | undefined;
  readonly rounds: Observed[];
  readonly outcomes: Tally;
  readonly floodOutcomes: Tally;
}

/** A flood need not be fine, and what is measured beside it should be. */
const [POLITE_GAP_MS, FLOOD_GAP_MS] = [0.1, 2];

/** Rounds alone and beside each flood alternate, so that the machine's mood falls on all of them. */
export async function measureNeighbour(
  target: Target,
  plan: Plan,
  capacityPerSecond: number,
  progress: Progress,
): Promise<Neighbour[]> {
  const { factor, loopsPerSecond } = plan.neighbour;
  const floods: readonly (Flood | undefined)[] = [
    undefined,
    { title: 'trivial scripts', perSecond: factor * capacityPerSecond, work: TRIVIAL },
    { title: 'endless loops', perSecond: loopsPerSecond, work: ENDLESS },
  ];
  const cases = floods.map((flood): Case => ({
    flood,
    rounds: [],
    outcomes: new Tally(),
    floodOutcomes: new Tally(),
  }));
  for (let round = 0; round < plan.rounds; round++) {
    for (const one of cases) {
      progress.next(`polite tenant ${one.flood ? `beside ${one.flood.title}` : 'alone'}, round ${round + 1}`);
      const observed = await measureRound(target, plan, one, round);
      progress.tell(`p50 ${observed.p50Ms.toFixed(2)} ms, p99 ${observed.p99Ms.toFixed(2)} ms`);
      await target.rest();
    }
  }
  return cases.map(({ flood, rounds, outcomes, floodOutcomes }) => ({
    flood: flood && { title: flood.title, perSecond: flood.perSecond },
    requests: outcomes.total,
    p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)),
    outcomes: Object.fromEntries(outcomes.entries()),
    floodOutcomes: Object.fromEntries(floodOutcomes.entries()),
  }));
}

async function measureRound(target: Target, plan: Plan, one: Case, seed: number): Promise<Observed> {
  const { flood, rounds, outcomes, floodOutcomes } = one;
  const { levelMs: forMs } = plan;
  const observed = new Observed({ fromMs: plan.risingMs, toMs: forMs });
  const polite = runOpenLoop({
    schedule: { kind: 'even', perSecond: plan.neighbour.perSecond, forMs, seed },
    minGapMs: POLITE_GAP_MS,
    request: async (arrival) => {
      const outcome = await target.request(POLITE, TRIVIAL);
      outcomes.add(outcome);
      observed.ended(arrival, outcome);
    },
  });
  const flooded =
    flood &&
    runOpenLoop({
      schedule: { kind: 'poisson', perSecond: flood.perSecond, forMs, seed },
      minGapMs: FLOOD_GAP_MS,
      request: async () => {
        floodOutcomes.add(await target.request(FLOODING, flood.work));
      },
    });
  await Promise.all([polite, flooded]);
  rounds.push(observed);
  return observed;
}

import type { ErrorCode } from 'nestjs-js-runtime';
import type { Level, Levels } from './levels.ts';
import type { Neighbour } from './neighbour.ts';
import type { Plan } from './plan.ts';
import type { Bounds } from './target.ts';

/** Of the most that was done per second, what must be left at the highest load. */
const MIN_GOODPUT_SHARE = 0.9;
/** Of what the queue lets the wait be on average, what the 99th percentile may be: not all seconds are alike. */
const MAX_WAIT_RATIO = 1.2;
/** Of its own p99 alone, what a polite tenant's may be beside a flood. */
const MAX_NEIGHBOUR_RATIO = 5;
/** What may happen to whoever asks for too much. */
const REFUSALS: readonly ErrorCode[] = ['TENANT_BUSY', 'POOL_EXHAUSTED', 'OVERLOADED'];

export interface Check {
  readonly what: string;
  readonly found: string;
  readonly wanted: string;
  readonly isMet: boolean;
}

export interface Measured {
  readonly plan: Plan;
  readonly levels: Levels;
  readonly neighbours: readonly Neighbour[];
}

export function checksOf({ plan, levels, neighbours }: Measured): Check[] {
  return [...checksOfLevels(plan, levels), ...checksOfNeighbours(neighbours)];
}

/** The most that was done per second, however it was asked for. */
export function peakOf({ capacityPerSecond, levels }: Levels): number {
  return Math.max(capacityPerSecond, ...levels.map(({ goodputPerSecond }) => goodputPerSecond));
}

/**
 * How long whoever is admitted waits at most, on average: there are so many places, and so many come free per second (Little's law);
 * and nobody waits for longer than until the deadline.
 */
export function boundMs(bounds: Bounds, tenants: number, goodputPerSecond: number): number {
  return Math.min(bounds.timeoutMs, (placesOf(bounds, tenants) * 1000) / goodputPerSecond);
}

/** How many executions may run or wait. Those that wait for their own tenant and those that wait for a VM only are bounded apart. */
export function placesOf({ tenantConcurrency, tenantQueueSize, queueSize }: Bounds, tenants: number): number {
  const runnable = tenants * tenantConcurrency;
  return Math.min(tenants * (tenantConcurrency + tenantQueueSize), queueSize + Math.min(queueSize, runnable));
}

function checksOfLevels(plan: Plan, levels: Levels): Check[] {
  const highest = levels.levels.reduce((most, level) => (level.factor > most.factor ? level : most));
  const share = highest.goodputPerSecond / peakOf(levels);
  const overloaded = levels.levels.filter(({ factor }) => factor > 1);
  return [
    {
      what: `goodput at ${highest.factor} times capacity`,
      found: `${share.toFixed(2)} of the peak`,
      wanted: `at least ${MIN_GOODPUT_SHARE}`,
      isMet: share >= MIN_GOODPUT_SHARE,
    },
    ...overloaded.map((level) => waitCheck(plan, level)),
    fateCheck(
      'requests that ended as they may not',
      levels.levels.map(({ outcomes }) => outcomes),
      REFUSALS,
    ),
  ];
}

function waitCheck({ bounds, tenants }: Plan, { factor, goodputPerSecond, p99Ms }: Level): Check {
  const bound = boundMs(bounds, tenants, goodputPerSecond);
  return {
    what: `p99 of what was done at ${factor} times capacity`,
    found: `${p99Ms.toFixed(0)} ms`,
    wanted: `at most ${MAX_WAIT_RATIO} times the ${bound.toFixed(0)} ms that the queue allows`,
    isMet: p99Ms <= MAX_WAIT_RATIO * bound,
  };
}

function checksOfNeighbours(neighbours: readonly Neighbour[]): Check[] {
  const alone = neighbours.find(({ flood }) => flood === undefined);
  const beside = neighbours.filter(({ flood }) => flood !== undefined);
  return [
    ...beside.map(({ flood, p99Ms }): Check => {
      const ratio = p99Ms / (alone?.p99Ms ?? NaN);
      return {
        what: `polite tenant's p99 beside ${flood?.title ?? ''}`,
        found: `${ratio.toFixed(2)} times its own alone`,
        wanted: `at most ${MAX_NEIGHBOUR_RATIO}`,
        isMet: ratio <= MAX_NEIGHBOUR_RATIO,
      };
    }),
    fateCheck(
      "polite tenant's requests that failed",
      neighbours.map(({ outcomes }) => outcomes),
      [],
    ),
    fateCheck(
      "flooding tenant's requests that ended as they may not",
      neighbours.map(({ floodOutcomes }) => floodOutcomes),
      ['WALL_TIME_LIMIT_EXCEEDED', ...REFUSALS],
    ),
  ];
}

function fateCheck(what: string, tallies: readonly Level['outcomes'][], allowed: readonly ErrorCode[]): Check {
  const others = new Map<string, number>();
  for (const tally of tallies) {
    for (const [outcome, count] of Object.entries(tally)) {
      if (outcome === 'OK' || allowed.some((code) => code === outcome)) continue;
      others.set(outcome, (others.get(outcome) ?? 0) + count);
    }
  }
  const found = [...others].map(([outcome, count]) => `${count} ${outcome}`).join(', ') || 'none';
  return { what, found, wanted: 'none', isMet: others.size === 0 };
}

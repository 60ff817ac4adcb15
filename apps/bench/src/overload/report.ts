import type { Level, Levels } from './levels.ts';
import type { MachineFacts } from './machine-facts.ts';
import { tableOf } from './markdown.ts';
import type { Neighbour } from './neighbour.ts';
import type { Plan } from './plan.ts';
import { boundMs, peakOf, placesOf, type Check } from './verdict.ts';

/** All that was measured: what `overload.json` has. */
export interface Results {
  readonly measuredAt: string;
  readonly machine: MachineFacts;
  /** What was under load. */
  readonly target: string;
  readonly plan: Plan;
  readonly levels: Levels;
  readonly neighbours: readonly Neighbour[];
  readonly checks: readonly Check[];
}

/** @param charts file names; undefined: why there are none */
export function reportOf(results: Results, command: string, charts: Charts | string): string {
  const { levels, plan, target, machine, neighbours, checks } = results;
  const { bounds, tenants } = plan;
  const picture = (name: keyof Charts, alt: string): string[] =>
    typeof charts === 'string' ? [] : [`![${alt}](${charts[name]})`];
  return `${[
    '# Overload',
    `Written by \`${command}\` on ${results.measuredAt.slice(0, 10)}; not to be edited. ${machine.node} on ${machine.cpus} × ${machine.cpu}, ${machine.memoryGb} GB, ${machine.system}.`,
    ...(typeof charts === 'string' ? [`No charts: ${charts}.`] : []),
    `Under load: ${target}; a trivial script in a fresh realm. ${howMeasured(plan)}`,
    '## Targets',
    tableOf([
      ['what', 'found', 'wanted', 'verdict'],
      ...checks.map(({ what, found, wanted, isMet }) => [what, found, wanted, isMet ? 'met' : '**missed**']),
    ]),
    '## More than can be done',
    `${tenants} tenants ask for as much each. What can be done is ${perSecond(levels.capacityPerSecond)}, with ${plan.inFlight} callers that each ask again when they have their answer; the most that ever was done is ${perSecond(peakOf(levels))}. By ${boundsText(plan)}, at most ${placesOf(bounds, tenants)} executions run or wait.`,
    tableOf([
      [
        'offered',
        'per second',
        'done per second',
        'p50',
        'p99',
        'p99 may be',
        'refused after (p99)',
        'made late by (p99)',
        'ended with',
      ],
      ...levels.levels.map((level) => levelRow(level, plan)),
    ]),
    '_p99 may be_: the places there are by what is done per second, or the deadline, if that is sooner.',
    ...picture('goodput', 'What is done per second, by what is offered'),
    ...picture('wait', 'p99 by what is offered'),
    '## A polite tenant beside one that floods',
    `The polite tenant asks for a trivial script ${plan.neighbour.perSecond} times per second, evenly. Latencies count from when a request should have come.`,
    tableOf([
      ['flood', 'per second', 'polite p50', 'polite p99', 'of p99 alone', 'polite requests', 'flood ended with'],
      ...neighbours.map((neighbour) => neighbourRow(neighbour, neighbours)),
    ]),
    ...picture('neighbour', 'Latency of the polite tenant, alone and beside floods'),
  ].join('\n\n')}\n`;
}

/** File names of the charts. */
export interface Charts {
  readonly goodput: string;
  readonly wait: string;
  readonly neighbour: string;
}

function howMeasured({ rounds, levelMs, risingMs }: Plan): string {
  const seconds = (ms: number): string => `${ms / 1000} s`;
  return `The loop is open: requests come at random (Poisson), wait for no answer, and their times count from when they should have come, so that nothing that is slow hides what comes after it. ${rounds} rounds of ${seconds(levelMs)} each, the first ${seconds(risingMs)} of which do not count; rounds of all rows alternate, and figures are medians of rounds.`;
}

function boundsText({ bounds, tenants }: Plan): string {
  const { poolSize, tenantConcurrency, tenantQueueSize, queueSize } = bounds;
  return `\`tenantConcurrency\` ${tenantConcurrency}, \`tenantQueueSize\` ${tenantQueueSize}, \`queueSize\` ${queueSize} and ${tenants} tenants, with \`poolSize\` ${poolSize}`;
}

function levelRow(level: Level, { bounds, tenants }: Plan): string[] {
  const { factor, offeredPerSecond, goodputPerSecond, p50Ms, p99Ms, refusedP99Ms, lagP99Ms, outcomes } = level;
  return [
    `${factor} ×`,
    offeredPerSecond.toFixed(0),
    goodputPerSecond.toFixed(0),
    ms(p50Ms),
    ms(p99Ms),
    ms(boundMs(bounds, tenants, goodputPerSecond)),
    refusedP99Ms === undefined ? '' : ms(refusedP99Ms),
    ms(lagP99Ms),
    outcomesText(outcomes),
  ];
}

function neighbourRow(
  { flood, p50Ms, p99Ms, requests, floodOutcomes }: Neighbour,
  all: readonly Neighbour[],
): string[] {
  const alone = all.find((other) => other.flood === undefined);
  return [
    flood?.title ?? 'none',
    flood ? flood.perSecond.toFixed(0) : '',
    ms(p50Ms),
    ms(p99Ms),
    `${(p99Ms / (alone?.p99Ms ?? NaN)).toFixed(2)} ×`,
    String(requests),
    outcomesText(floodOutcomes),
  ];
}

function outcomesText(outcomes: Readonly<Record<string, number>>): string {
  return Object.entries(outcomes)
    .map(([outcome, count]) => `${outcome} ${count}`)
    .join(', ');
}

function perSecond(value: number): string {
  return `${value.toFixed(0)} executions per second`;
}

function ms(value: number): string {
  return `${value.toFixed(value < 100 ? 2 : 0)} ms`;
}

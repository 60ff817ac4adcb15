import type { Counts } from './counting/counter.ts';
import { isBytes, isHeap } from './counting/typical.ts';

/** Of each scenario. */
export type CountsByScenario = Readonly<Record<string, Counts>>;

/** A count that is not what the baseline says, or one that only one of both has. */
export interface Difference {
  readonly kind: 'more' | 'less';
  readonly scenario: string;
  readonly what: string;
  /** 0 where it was not done. */
  readonly baseline: number;
  readonly now: number;
}

/** Every difference, in the order of the scenarios. A scenario that the baseline does not have has nothing but differences. */
export function differencesOf(baseline: CountsByScenario, now: CountsByScenario): readonly Difference[] {
  return namesOf(baseline, now).flatMap((scenario) => {
    const [before = {}, after = {}] = [baseline[scenario], now[scenario]];
    return namesOf(before, after).flatMap((what) => differenceOf(scenario, what, before[what] ?? 0, after[what] ?? 0));
  });
}

function differenceOf(scenario: string, what: string, baseline: number, now: number): Difference[] {
  if (Math.abs(now - baseline) <= toleranceOf(what, baseline)) return [];
  return [{ kind: now > baseline ? 'more' : 'less', scenario, what, baseline, now }];
}

/** Numbers in messages have more or fewer digits: CPU time, above all. */
const DIGITS_BYTES = 8;
const HEAP_BYTES = 1024;
/** What is done when memory has filled up, after a dozen executions or so, falls into one window of them more or less. */
const NOW_AND_THEN = 0.2;

/** What is done in every execution is exact, but for bytes. */
function toleranceOf(what: string, baseline: number): number {
  if (isHeap(what)) return 0.05 * baseline + HEAP_BYTES;
  return isBytes(what) ? 0.01 * baseline + DIGITS_BYTES : NOW_AND_THEN;
}

function namesOf(one: object, other: object): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])];
}

/** What is counted now; where that is no difference, as it was, so that a new baseline differs from the former in nothing else. */
export function renewed(baseline: CountsByScenario, now: CountsByScenario): CountsByScenario {
  const entries = Object.entries(now).map(([scenario, counts]) => {
    const before = baseline[scenario] ?? {};
    const kept = Object.entries(counts).map(([what, count]) => {
      const known = before[what];
      const isSame = known !== undefined && differenceOf(scenario, what, known, count).length === 0;
      return [what, isSame ? known : count];
    });
    return [scenario, Object.fromEntries(kept) as Counts];
  });
  return Object.fromEntries(entries) as CountsByScenario;
}

/** One line: what a difference is of, and both counts. */
export function textOf({ kind, scenario, what, baseline, now }: Difference): string {
  return `${kind.toUpperCase()}  ${scenario}  ${what}  baseline ${baseline}  now ${now}`;
}

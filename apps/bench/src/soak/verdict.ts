import { printHeader, printRow } from '../report.ts';
import type { Callers } from './callers.ts';
import { growthOf } from './growth.ts';
import { REFUSALS } from './kinds.ts';
import type { Sample } from './sample.ts';

interface Meter {
  readonly what: string;
  readonly read: (sample: Sample) => number;
  /** Several times what showed in runs without a leak. */
  readonly maxRiseMb: number;
}

const METERS: readonly Meter[] = [
  { what: "the backend's heap and external memory", read: ({ heapMb }) => heapMb, maxRiseMb: 1 },
  { what: "the backend's RSS", read: ({ rssMb }) => rssMb, maxRiseMb: 12 },
  { what: 'a VM (mean PSS)', read: ({ vmPssMb }) => sum(vmPssMb) / vmPssMb.length, maxRiseMb: 8 },
];
/** Beyond that the mix is no mix any more, and what refuses everything would pass. */
const MAX_REFUSED_SHARE = 0.5;

interface Check {
  readonly what: string;
  readonly found: string;
  readonly wanted: string;
  /** Undefined when it cannot be told. */
  readonly holds: boolean | undefined;
}

export interface Run {
  readonly callers: Callers;
  readonly before: Sample;
  readonly during: readonly Sample[];
  /** At rest again. */
  readonly after: Sample;
  readonly cameToRest: boolean;
  /** Executions that had not ended long after the load. */
  readonly hanging: number;
  /** Child processes after everything was closed. */
  readonly left: number;
}

/** Prints every check with what it found. False when one does not hold. */
export function judge(run: Run): boolean {
  const checks = [...checksOfExecutions(run), ...checksOfResources(run), ...METERS.map((meter) => growth(meter, run))];
  console.log('');
  printHeader('check', 'found', 'wanted', 'verdict');
  for (const { what, found, wanted, holds } of checks) {
    printRow(what, found, wanted, holds === undefined ? 'cannot be told' : holds ? 'ok' : 'FAILED');
  }
  return checks.every(({ holds }) => holds !== false);
}

function checksOfExecutions({ callers, hanging }: Run): Check[] {
  const { faults, outcomes, kills } = callers;
  const crashes = outcomes.of('VM_CRASHED');
  const refused = REFUSALS.reduce((sum, code) => sum + outcomes.of(code), 0) / outcomes.total;
  return [
    check('endings that may not be', String(faults) || 'none', 'none', faults.total === 0),
    check('executions that never ended', String(hanging), '0', hanging === 0),
    check('VM_CRASHED', String(crashes), `at most ${kills}, one for each VM killed`, crashes <= kills),
    check('share refused', refused.toFixed(3), `at most ${MAX_REFUSED_SHARE}`, refused <= MAX_REFUSED_SHARE),
  ];
}

function checksOfResources({ before, during, after, cameToRest, left }: Run): Check[] {
  const { processes, descriptors } = after;
  // By default a pool may have twice as many VMs as it keeps; every VM takes one descriptor, and has it for a moment after its end.
  const most = { processes: 2 * before.processes, descriptors: before.descriptors + 2 * before.processes };
  const seen = {
    processes: Math.max(...during.map((sample) => sample.processes)),
    descriptors: Math.max(...during.map((sample) => sample.descriptors)),
  };
  return [
    check('most processes', `${seen.processes}`, `at most ${most.processes}`, seen.processes <= most.processes),
    check(
      'most descriptors',
      `${seen.descriptors}`,
      `at most ${most.descriptors}`,
      seen.descriptors <= most.descriptors,
    ),
    check('pool after the load', cameToRest ? 'at rest' : 'busy', 'at rest', cameToRest),
    check('processes after the load', String(processes), String(before.processes), processes === before.processes),
    check(
      'descriptors after the load',
      String(descriptors),
      String(before.descriptors),
      descriptors === before.descriptors,
    ),
    check('processes after the end', String(left), '0', left === 0),
  ];
}

function growth({ what: of, read, maxRiseMb }: Meter, { during }: Run): Check {
  const what = `rise of ${of}`;
  const found = growthOf(during, read);
  if (!found) return { what, found: 'too few samples', wanted: `at most ${maxRiseMb} MB`, holds: undefined };
  const { riseMb, bytesPerExecution, executions } = found;
  const finds = Math.ceil((maxRiseMb * 1024 * 1024) / executions);
  return check(
    what,
    `${riseMb.toFixed(2)} MB in ${executions} executions, ${bytesPerExecution.toFixed(0)} bytes each`,
    `at most ${maxRiseMb} MB: finds leaks of ${finds} bytes per execution`,
    riseMb <= maxRiseMb,
  );
}

function check(what: string, found: string, wanted: string, holds: boolean): Check {
  return { what, found, wanted, holds };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

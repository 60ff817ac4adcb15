import { versionOf } from '../packages.ts';
import { Contestant } from './contestant.ts';
import type { MeasuredRound } from './peer-client.ts';
import type { PeerDefinition } from './peer.ts';
import { conditionsOf, stepsOf, type Condition, type Plan } from './plan.ts';
import { Progress } from './progress.ts';
import { cellOf, type Cell, type LeftOut, type Measured, type PeerFacts } from './results.ts';
import type { Workload } from './workload.ts';

export interface Suite {
  readonly plan: Plan;
  readonly workloads: readonly Workload[];
  readonly peers: readonly PeerDefinition[];
}

/**
 * Everything with everybody. Rounds alternate between the peers: the machine's mood falls on all of them alike, so the ratios hold
 * where the figures do not.
 *
 * @param packageFailure why the packages of peers are not there
 * @throws PeerFailure when any result is wrong, or this library fails
 */
export async function runSuite({ plan, workloads, peers }: Suite, packageFailure?: string): Promise<Measured> {
  const leftOut: LeftOut[] = [];
  const contestants: Contestant[] = [];
  for (const definition of peers) {
    if (packageFailure !== undefined && definition.packages.length > 0) {
      leftOut.push({ peer: definition.name, reason: packageFailure });
    } else {
      contestants.push(new Contestant(definition));
    }
  }
  const progress = new Progress(stepsOf(plan, workloads, contestants.length));
  const cells: Cell[] = [];
  try {
    for (const contestant of contestants) {
      progress.tell(`Starting ${contestant.definition.name}`);
      await contestant.start();
    }
    for (const workload of workloads) {
      for (const tenants of plan.tenants) {
        progress.tell(`Preparing ${workload.name} for ${tenants} ${tenants === 1 ? 'tenant' : 'tenants'}`);
        for (const contestant of contestants) await contestant.prepare(workload, tenants, plan);
        for (const condition of conditionsOf(plan, tenants)) {
          cells.push(...(await measure(contestants, workload, condition, plan, progress)));
        }
      }
    }
    leftOut.push(...contestants.flatMap((contestant) => contestant.leftOut));
    const present = contestants.filter(({ definition }) => cells.some(({ peer }) => peer === definition.name));
    return { peers: await Promise.all(present.map(factsOf)), cells, leftOut };
  } finally {
    progress.end();
    await Promise.all(contestants.map(async (contestant) => contestant.end()));
  }
}

async function measure(
  contestants: readonly Contestant[],
  workload: Workload,
  condition: Condition,
  plan: Plan,
  progress: Progress,
): Promise<Cell[]> {
  const rounds = new Map<Contestant, MeasuredRound[]>(contestants.map((contestant) => [contestant, []]));
  for (let round = 1; round <= plan.rounds; round++) {
    for (const [contestant, measured] of rounds) {
      const { name } = contestant.definition;
      if (contestant.takes(workload)) {
        progress.next(workload.name, textOf(condition), `round ${round} of ${plan.rounds}`, name);
      } else {
        progress.skip(1);
      }
      const one = await contestant.measure(workload, plan, condition);
      if (one) measured.push(one);
    }
  }
  return [...rounds]
    .filter(([, measured]) => measured.length === plan.rounds)
    .map(([{ definition }, measured]) =>
      cellOf({ workload: workload.name, peer: definition.name }, condition, measured),
    );
}

export function textOf({ tenants, inFlight, gapMs }: Condition): string {
  if (gapMs > 0) return `${gapMs} ms apart`;
  return `${tenants} ${tenants === 1 ? 'tenant' : 'tenants'}, ${inFlight} in flight`;
}

async function factsOf({ definition, version }: Contestant): Promise<PeerFacts> {
  const { name, title, isolation, use, packages } = definition;
  const [first] = packages;
  const shown = version ?? (first === undefined ? undefined : await versionOf(first).catch(() => undefined));
  return { name, title, version: shown ?? null, isolation, use };
}

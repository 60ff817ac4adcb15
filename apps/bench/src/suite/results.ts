import { median, percentile } from '../report.ts';
import type { MachineFacts } from '../overload/machine-facts.ts';
import type { MeasuredRound } from './peer-client.ts';
import type { Isolation } from './peer.ts';
import type { Condition, Plan } from './plan.ts';
import type { Target } from './target.ts';

/** Of one peer, with one workload, under one condition: medians of its rounds. */
export interface Cell extends Condition {
  readonly workload: string;
  readonly peer: string;
  readonly p50Ms: number;
  /** The least and the most p50 of a round: how much the machine's mood is worth. */
  readonly p50RangeMs: readonly [number, number];
  readonly p99Ms: number;
  readonly perSecond: number;
  /** Of the peer's process and all that come from it. Null where the kernel does not tell. */
  readonly cpuMsPerExecution: number | null;
  readonly rssMb: number | null;
  readonly pssMb: number | null;
  /** Of all rounds, as many as were counted. */
  readonly executions: number;
}

/** Why there are no figures of a peer, or none with a workload. */
export interface LeftOut {
  readonly peer: string;
  /** Undefined: with none of them. */
  readonly workload?: string;
  readonly reason: string;
}

export interface PeerFacts {
  readonly name: string;
  readonly title: string;
  readonly version: string | null;
  readonly isolation: Isolation;
  readonly use: string;
}

/** All that was measured. */
export interface Measured {
  readonly peers: readonly PeerFacts[];
  readonly cells: readonly Cell[];
  readonly leftOut: readonly LeftOut[];
}

/** What `results.json` has. */
export interface Results extends Measured {
  readonly measuredAt: string;
  readonly commit: string;
  readonly machine: MachineFacts;
  readonly plan: Plan;
  readonly targets: readonly Target[];
}

export function cellOf(
  of: Pick<Cell, 'workload' | 'peer'>,
  condition: Condition,
  rounds: readonly MeasuredRound[],
): Cell {
  const p50s = rounds.map(({ timesMs }) => median(timesMs));
  const counted = rounds.map(({ timesMs }) => timesMs.length);
  return {
    ...of,
    ...condition,
    p50Ms: figure(median(p50s)),
    p50RangeMs: [figure(Math.min(...p50s)), figure(Math.max(...p50s))],
    p99Ms: figure(median(rounds.map(({ timesMs }) => percentile(timesMs, 99)))),
    perSecond: figure(median(rounds.map(({ timesMs, wallMs }) => (timesMs.length * 1000) / wallMs))),
    cpuMsPerExecution: medianOf(rounds.map(({ cpuMs, runs }) => cpuMs && cpuMs / runs)),
    rssMb: medianOf(rounds.map(({ memory }) => memory?.rssMb)),
    pssMb: medianOf(rounds.map(({ memory }) => memory?.pssMb)),
    executions: counted.reduce((sum, count) => sum + count, 0),
  };
}

function medianOf(values: readonly (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined);
  return known.length === values.length ? figure(median(known)) : null;
}

/** Nobody believes more digits. */
function figure(value: number): number {
  return Number(value.toPrecision(4));
}

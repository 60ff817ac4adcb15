import { barChart, type Bars } from '../charts/bar-chart.ts';
import type { Condition } from './plan.ts';
import { SPACED_GAP_MS } from './plan.ts';
import type { Cell, Results } from './results.ts';
import type { Workload } from './workload.ts';

const IN_FLIGHT = 8;

/** SVG by file name. */
export async function latencyChart(results: Results, { name, title }: Workload): Promise<string> {
  return barChart({
    title: `${title}: p50, ms`,
    yTitle: 'ms, logarithmic',
    yLog: true,
    ...barsOf(results, name, (cell) => cell.p50Ms, [
      { title: `${SPACED_GAP_MS} ms apart`, at: { tenants: 1, inFlight: 1, gapMs: SPACED_GAP_MS } },
      { title: 'back to back', at: { tenants: 1, inFlight: 1, gapMs: 0 } },
    ]),
  });
}

export async function throughputChart(results: Results, { name, title }: Workload): Promise<string> {
  return barChart({
    title: `${title}: executions per second, ${IN_FLIGHT} in flight`,
    yTitle: 'per second, logarithmic',
    yLog: true,
    ...barsOf(results, name, (cell) => cell.perSecond, [
      { title: '1 tenant', at: { tenants: 1, inFlight: IN_FLIGHT, gapMs: 0 } },
      { title: '100 tenants', at: { tenants: 100, inFlight: IN_FLIGHT, gapMs: 0 } },
    ]),
  });
}

/** A group for each peer that has figures. */
function barsOf(
  { cells, peers }: Results,
  workload: string,
  valueOf: (cell: Cell) => number,
  series: readonly { readonly title: string; readonly at: Condition }[],
): { readonly groups: readonly string[]; readonly series: readonly Bars[] } {
  const own = cells.filter((cell) => cell.workload === workload);
  const groups = peers.map(({ name }) => name).filter((name) => own.some(({ peer }) => peer === name));
  return {
    // Else lines end in the middle of a word.
    groups: groups.map((name) => name.replaceAll('-', '-\n')),
    series: series.map(({ title, at }) => ({
      name: title,
      values: groups.map((peer) => {
        const cell = own.find(
          (one) =>
            one.peer === peer && one.tenants === at.tenants && one.inFlight === at.inFlight && one.gapMs === at.gapMs,
        );
        return cell && valueOf(cell);
      }),
    })),
  };
}

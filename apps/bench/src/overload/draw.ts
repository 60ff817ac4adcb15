import { barChart } from '../charts/bar-chart.ts';
import { lineChart } from '../charts/line-chart.ts';
import type { Charts, Results } from './report.ts';
import { boundMs, peakOf } from './verdict.ts';

const X_TITLE = 'offered, times what can be done';

/** The charts of the report, as SVG. */
export async function draw({ levels, plan, neighbours }: Results): Promise<Record<keyof Charts, string>> {
  const { levels: rows } = levels;
  const peak = peakOf(levels);
  const points = (read: (row: (typeof rows)[number]) => number): [number, number][] =>
    rows.map((row) => [row.factor, read(row)]);
  return {
    goodput: await lineChart({
      title: 'What is done while more is asked for',
      xTitle: X_TITLE,
      yTitle: 'executions per second',
      xLog: true,
      series: [
        { name: 'done', points: points(({ goodputPerSecond }) => goodputPerSecond) },
        { name: '90 % of the peak', isBound: true, points: points(() => 0.9 * peak) },
      ],
    }),
    wait: await lineChart({
      title: 'Latency of what is done',
      xTitle: X_TITLE,
      yTitle: 'ms',
      xLog: true,
      yLog: true,
      series: [
        { name: 'p50', points: points(({ p50Ms }) => p50Ms) },
        { name: 'p99', points: points(({ p99Ms }) => p99Ms) },
        {
          name: 'what the queue allows',
          isBound: true,
          points: points(({ goodputPerSecond }) => boundMs(plan.bounds, plan.tenants, goodputPerSecond)),
        },
      ],
    }),
    neighbour: await barChart({
      title: 'A polite tenant beside one that floods',
      yTitle: 'ms',
      groups: neighbours.map(({ flood }) => (flood ? `beside ${flood.title}` : 'alone')),
      series: [
        { name: 'p50', values: neighbours.map(({ p50Ms }) => p50Ms) },
        { name: 'p99', values: neighbours.map(({ p99Ms }) => p99Ms) },
      ],
    }),
  };
}

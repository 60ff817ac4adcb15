import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { latencyChart, throughputChart } from './draw.ts';
import { reportOf, type ChartFiles } from './report.ts';
import type { Results } from './results.ts';
import type { Workload } from './workload.ts';

export interface Output {
  readonly folder: string;
  /** That the report is made by. */
  readonly command: string;
  /** Why charts cannot be drawn. */
  readonly noCharts: string | undefined;
}

/** Writes the report, its figures and, if they can be drawn, its charts. Gives the report's file. */
export async function writeResults(
  results: Results,
  workloads: readonly Workload[],
  { folder, command, noCharts }: Output,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const charts = new Map<string, ChartFiles>();
  if (noCharts === undefined) {
    for (const workload of workloads) {
      const files = { latency: `${workload.name}-latency.svg`, throughput: `${workload.name}-throughput.svg` };
      await writeFile(join(folder, files.latency), await latencyChart(results, workload));
      await writeFile(join(folder, files.throughput), await throughputChart(results, workload));
      charts.set(workload.name, files);
    }
  }
  await writeFile(join(folder, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
  const report = join(folder, 'README.md');
  await writeFile(report, reportOf(results, workloads, command, noCharts ?? charts));
  return report;
}

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installPackages } from '../packages.ts';
import { draw } from './draw.ts';
import { reportOf, type Charts, type Results } from './report.ts';

export interface Output {
  readonly folder: string;
  /** Of all files, before what tells them apart. */
  readonly name: string;
  /** That the report is made by. */
  readonly command: string;
  readonly hasCharts: boolean;
}

/** Writes the report, its figures and, if they can be drawn, its charts. Gives the report's file. */
export async function writeResults(results: Results, { folder, name, command, hasCharts }: Output): Promise<string> {
  await mkdir(folder, { recursive: true });
  const charts: Charts = {
    goodput: `${name}-goodput.svg`,
    wait: `${name}-latency.svg`,
    neighbour: `${name}-neighbour.svg`,
  };
  const { failure } = hasCharts ? await installPackages() : { failure: 'none were asked for' };
  if (failure === undefined) {
    const drawn = await draw(results);
    for (const chart of ['goodput', 'wait', 'neighbour'] as const) {
      await writeFile(join(folder, charts[chart]), drawn[chart]);
    }
  }
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(results, null, 2)}\n`);
  const report = join(folder, `${name}.md`);
  await writeFile(report, reportOf(results, command, failure ?? charts));
  return report;
}

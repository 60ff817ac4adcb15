import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startOverHttp } from './http-target.ts';
import { measureLevels } from './levels.ts';
import { machineFacts } from './machine-facts.ts';
import { measureNeighbour } from './neighbour.ts';
import { readOptions, USAGE, type OverloadOptions } from './options.ts';
import { FULL, QUICK } from './plan.ts';
import { Progress } from './progress.ts';
import { startInProcess } from './target.ts';
import { allTenants } from './tenants.ts';
import { checksOf } from './verdict.ts';
import { writeResults } from './write.ts';

const DOCS = fileURLToPath(new URL('../../../../docs/benchmarks', import.meta.url));

const options = optionsOrExit();
const plan = options.isQuick ? QUICK : FULL;
// Warm-up and closed loops, levels, and the neighbour: alone and beside two floods.
const progress = new Progress(1 + plan.rounds * (1 + plan.factors.length + 3));
const measuredAt = new Date().toISOString();
const target = await (options.isHttp
  ? startOverHttp(plan.bounds, allTenants(plan.tenants))
  : startInProcess(plan.bounds));
try {
  const levels = await measureLevels(target, plan, progress);
  const neighbours = await measureNeighbour(target, plan, levels.capacityPerSecond, progress);
  const checks = checksOf({ plan, levels, neighbours });
  const results = { measuredAt, machine: machineFacts(), target: target.title, plan, levels, neighbours, checks };
  const report = await writeResults(results, {
    folder: options.out ?? (options.isQuick ? await mkdtemp(join(tmpdir(), 'bench-overload-')) : DOCS),
    name: options.isHttp ? 'overload-http' : 'overload',
    command: `npm run bench:overload${options.isHttp ? ' -- --http' : ''}`,
    hasCharts: options.hasCharts,
  });
  console.log(`The report is ${report}`);
  for (const { what, found, wanted, isMet } of checks) {
    console.log(`${isMet ? 'met   ' : 'MISSED'}  ${what}: ${found}; wanted: ${wanted}`);
    if (!isMet) process.exitCode = 1;
  }
} finally {
  await target.close();
}

function optionsOrExit(): OverloadOptions {
  try {
    const read = readOptions(process.argv.slice(2));
    if (read !== 'help') return read;
    console.log(USAGE);
    process.exit(0);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { comesToRest, outcomeOf, startLibrary, type Library } from './library.ts';
import { machine, median, ms, percentile, printHeader, printRow, Tally } from './report.ts';

const POOL_SIZE = 4;
const KILLS = 40;
/** One VM less than there are is at work, so that idle ones are killed too. */
const TENANTS = ['A', 'B', 'C'];
const WORK_MS = 400;
const REST_MS = 20_000;

/** What it takes to replace a VM that somebody kills with SIGKILL, at any moment, idle or at work; and whom that hurts. */
export async function measureReplacement(): Promise<void> {
  const library = await startLibrary({ poolSize: POOL_SIZE });
  const timesMs: number[] = [];
  const outcomes = new Tally();
  let mostHurt = 0;
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      if (!(await comesToRest(library.pool, POOL_SIZE, REST_MS))) throw new Error('the pool does not recover');
      const script = `new Promise((done) => setTimeout(done, ${WORK_MS}))`;
      const executions = TENANTS.map((tenantId) => outcomeOf(library.runAs(tenantId, script)));
      await sleep((kill * 37) % WORK_MS);
      timesMs.push(await killOne(library, kill));
      const ends = await Promise.all(executions);
      for (const end of ends) outcomes.add(end);
      mostHurt = Math.max(mostHurt, ends.filter((end) => end !== 'OK').length);
    }
  } finally {
    await library.close();
  }
  console.log(`${machine()}, poolSize ${POOL_SIZE}, ${KILLS} kills\n`);
  printHeader('from SIGKILL to the replacement that is ready', 'p50', 'p99', 'max');
  printRow('', ...[median(timesMs), percentile(timesMs, 99), percentile(timesMs, 100)].map(ms));
  console.log(`\nexecutions: ${outcomes.toString()}; hurt by one kill, at most: ${mostHurt}`);
  if (mostHurt > 1 || outcomes.total > outcomes.of('OK') + outcomes.of('VM_CRASHED')) process.exitCode = 1;
}

async function killOne({ pool }: Library, kill: number): Promise<number> {
  const living = pool.vms().filter(({ healthy }) => healthy);
  const { created } = pool.stats();
  const vm = living[kill % living.length];
  if (!vm) throw new Error('there is no VM');
  const startedAt = performance.now();
  process.kill(vm.pid, 'SIGKILL');
  while (pool.stats().created === created) await sleep(1);
  return performance.now() - startedAt;
}

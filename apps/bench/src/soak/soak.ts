import { setTimeout as sleep } from 'node:timers/promises';
import { ERROR_CODES, type ErrorCode } from 'nestjs-js-runtime';
import { comesToRest, startLibrary } from '../library.ts';
import { machine, printHeader, printRow, Tally } from '../report.ts';
import { Callers } from './callers.ts';
import { KINDS } from './kinds.ts';
import type { SoakOptions } from './options.ts';
import { takeSample, type Sample } from './sample.ts';
import { judge } from './verdict.ts';

/** As many samples as fit into a table, but not more often than this. */
const SAMPLES = 40;
const SAMPLE_EVERY_MS = 2000;
/** Twice the time limit: whatever takes longer hangs. */
const REST_MS = 60_000;

/** Small, so that what is bounded reaches its bounds during warm-up, and what happens at them happens. */
const BOUNDS = {
  maxMemoryMb: 16,
  cacheMaxEntries: 200,
  vmMaxUses: 200,
  vmMaxAgeMs: 30_000,
  healthIntervalMs: 1000,
  // Of ten callers at work for the busiest tenant, some are refused.
  tenantConcurrency: 2,
  tenantQueueSize: 3,
  queueSize: 15,
};

/** Runs the mix until its time or the signal comes. True when nothing grew and every execution ended as it may. */
export async function soak(options: SoakOptions, signal: AbortSignal): Promise<boolean> {
  const library = await startLibrary({ poolSize: options.vms, ...BOUNDS });
  const isReady = await comesToRest(library.pool, options.vms, REST_MS);
  if (!isReady) throw new Error('the VMs do not start');
  const callers = new Callers(library, options);
  const startedAt = performance.now();

  console.log(`${machine()}, ${options.vms} VMs, ${options.tenants} tenants, seed ${options.seed}\n`);
  printHeader(
    'time',
    'executions',
    'heap + external',
    'RSS',
    'fds',
    'VMs',
    'RSS of VMs (max)',
    'PSS of VMs (max)',
    'endings by status',
  );
  const sample = async (): Promise<Sample> => {
    const taken = await takeSample(callers.executions);
    printSample(taken, (performance.now() - startedAt) / 1000, callers);
    return taken;
  };

  const before = await sample();
  const during: Sample[] = [];
  const ended = callers.start();
  const progress = (): number =>
    Math.max((performance.now() - startedAt) / (options.minutes * 60_000), callers.executions / options.executions);
  while (progress() < 1 && !signal.aborted) {
    await sleep(SAMPLE_EVERY_MS, undefined, { signal }).catch(() => undefined);
    if (progress() * SAMPLES >= during.length + 1) during.push(await sample());
  }
  callers.stop();
  await Promise.race([ended, sleep(REST_MS)]);
  const hanging = callers.underWay;
  const cameToRest = await comesToRest(library.pool, options.vms, REST_MS);
  let after = await sample();
  // A VM that is being replaced because of its age is no growth: it is gone the next time.
  for (let again = 0; again < 5 && !isSame(before, after); again++) {
    await sleep(SAMPLE_EVERY_MS);
    after = await sample();
  }
  const pool = library.pool.stats();
  await Promise.race([library.close(), sleep(REST_MS)]);
  const { processes: left } = await takeSample(callers.executions);

  printKinds(callers);
  console.log(
    `\nVMs started ${pool.created}, ended ${pool.destroyed}, failed to start ${pool.errors}; killed ${callers.kills}`,
  );
  const isGood = judge({ callers, before, during, after, hanging, cameToRest, left });
  console.log(`\n${signal.aborted ? 'Interrupted. ' : ''}${isGood ? 'PASSED' : 'FAILED'}`);
  return isGood;
}

function isSame(before: Sample, after: Sample): boolean {
  return before.processes === after.processes && before.descriptors === after.descriptors;
}

function printSample(sample: Sample, seconds: number, { outcomes }: Callers): void {
  const { executions, heapMb, rssMb, descriptors, processes, vmRssMb, vmPssMb } = sample;
  const backend = [heapMb, rssMb].map((mb) => `${mb.toFixed(1)} MB`);
  const vms = [vmRssMb, vmPssMb].map((sizes) => `${sum(sizes).toFixed(0)} (${Math.max(0, ...sizes).toFixed(0)}) MB`);
  const counts = [executions, ...backend, descriptors, processes, ...vms];
  printRow(`${seconds.toFixed(0)} s`, ...counts.map(String), String(byStatus(outcomes)));
}

/** A row has no room for every code; the table of kinds has them. */
function byStatus(outcomes: Tally): Tally {
  const statuses = new Tally();
  for (const [outcome, count] of outcomes.entries()) {
    if (outcome === 'OK') statuses.add('200', count);
    else
      statuses.add(Object.hasOwn(ERROR_CODES, outcome) ? String(ERROR_CODES[outcome as ErrorCode].status) : '?', count);
  }
  return statuses;
}

function printKinds({ outcomes, outcomesByKind }: Callers): void {
  console.log('');
  printHeader('kind of script', 'endings');
  for (const kind of KINDS) printRow(kind.name, String(outcomesByKind.get(kind) ?? ''));
  printRow('all', String(outcomes));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { machine, ms, percentile, Tally } from '../../apps/bench/src/report.ts';
import { bridge } from './cases/bridge.ts';
import { cpu } from './cases/cpu.ts';
import { escape } from './cases/escape.ts';
import { executions } from './cases/executions.ts';
import { hostApiLeaks, hostApis } from './cases/host-apis.ts';
import { memory } from './cases/memory.ts';
import { tenants } from './cases/tenants.ts';
import { warm } from './cases/warm.ts';
import type { Attack, Table } from './attack.ts';
import { PeakWatch } from './peak-watch.ts';
import { bodyOf, faultOf, faultsOfBenign, outcomeOf } from './run-attack.ts';
import { ATTACKERS, Target, type Tenant } from './target.ts';

/*
 * `npm run hostile -- --minutes 1`: four tenants run all attacks in a loop, each at its own place in the list, and a fifth
 * makes its executions meanwhile. Ends with exit code 1 unless every single one of these was answered right.
 */

const BENIGN_EXECUTIONS = 1000;
/** As many as four attackers and one other need at once, and some that are being replaced. */
const POOL_SIZE = 6;
const MAX_VMS = 10;

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '1' } } });
const forMs = Number(values.minutes) * 60_000;
if (!(forMs > 0)) throw new Error(`--minutes is '${values.minutes}': must be a number above 0`);

const tables = [escape, executions, tenants, bridge, hostApis, hostApiLeaks, cpu, memory, warm];
/** One of each category after the other, so that a short loop has some of all. */
const attacks = Array.from({ length: Math.max(...tables.map((table) => table.attacks.length)) }, (_, index) =>
  tables.flatMap((table) => table.attacks.slice(index, index + 1).map((attack) => ({ table, attack }))),
).flat();
const attacked = new Tally();
const outcomes = new Tally();
/** What must not happen, whatever the load. */
const faults: string[] = [];
/** What a script may have, and what garbage collection and measuring may be late by. */
const MAX_OVER_IDLE_MB = 64 + 96;
let isOver = false;

const target = await Target.start(POOL_SIZE, MAX_VMS);
const { pid } = target;
await target.poolAtRest();
const memoryWatch = new PeakWatch(target);
console.log(`${machine()}, ${POOL_SIZE} VMs, ${attacks.length} attacks, ${values.minutes} min`);

const attackers = ATTACKERS.map(async (tenant, index) => {
  for (let n = Math.trunc((index * attacks.length) / ATTACKERS.length); !isOver; n++) {
    const next = attacks[n % attacks.length];
    if (next) await runOne(tenant, next.table, next.attack);
  }
});
const timesMs = await runBenign();
isOver = true;
await Promise.all(attackers);
memoryWatch.stop();
const { stats } = await target.poolAtRest();
if (!target.alive || target.pid !== pid) faults.push('the backend is not the same process');
await target.stop();

const succeeded = timesMs.length;
console.log(`attacks: ${attacked.total} (${String(attacked)})`);
console.log(`they came to: ${String(outcomes)}`);
console.log(
  `VMs ended: ${stats.destroyed} ${JSON.stringify(stats.destroyedBy)}, started: ${stats.created}, starts failed: ${stats.errors}`,
);
console.log(`a VM at its peak: ${memoryWatch.peakMb.toFixed(0)} MB, idle: ${memoryWatch.idleMb.toFixed(0)} MB`);
console.log(`backend: pid ${pid}, ${target.pid === pid ? 'the same' : 'ANOTHER'} to the end`);
console.log(
  `benign: ${succeeded} of ${BENIGN_EXECUTIONS} succeeded; p50 ${ms(percentile(timesMs, 50))}, p99 ${ms(percentile(timesMs, 99))}, max ${ms(percentile(timesMs, 100))}`,
);
if (memoryWatch.peakMb - memoryWatch.idleMb > MAX_OVER_IDLE_MB) faults.push('a VM process was too large');
for (const fault of faults.slice(0, 20)) console.log(`FAULT: ${fault}`);
const isGood = faults.length === 0 && succeeded === BENIGN_EXECUTIONS;
console.log(isGood ? 'PASSED' : 'FAILED');
process.exit(isGood ? 0 : 1);

/** What an attack is refused with, or stopped by, depends on the load; what it may get hold of does not. */
async function runOne(tenant: Tenant, table: Table, attack: Attack): Promise<void> {
  attacked.add(table.category);
  for (const step of attack.steps) {
    const by = step.byAnother ? (ATTACKERS.find((other) => other !== tenant) ?? tenant) : tenant;
    const answer = await target.execute(by, bodyOf(table, step));
    outcomes.add(answer.body.code ?? 'a value');
    const fault = answer.status === 200 ? faultOf(answer, step.expected) : undefined;
    if (fault !== undefined) faults.push(`${table.category}, ${attack.name}: ${fault}`);
    if (target.isIndiscreet(answer)) faults.push(`${attack.name}: a secret in ${outcomeOf(answer)}`);
    // A client that is told to come later does.
    if (answer.status === 429 || answer.status === 503) await sleep(100);
  }
}

/** Evenly over the time; gives how long those took that succeeded. */
async function runBenign(): Promise<number[]> {
  const taken: number[] = [];
  const startedAt = performance.now();
  for (let n = 0; n < BENIGN_EXECUTIONS; n++) {
    await sleep(Math.max(0, startedAt + (n * forMs) / BENIGN_EXECUTIONS - performance.now()));
    const before = performance.now();
    const found = await faultsOfBenign(target);
    if (found.length === 0) taken.push(performance.now() - before);
    faults.push(...found);
  }
  return taken;
}

import { availableParallelism } from 'node:os';
import { startLibrary, type Library } from '../library.ts';
import { machine, median, ms, percentile, printHeader, printRow } from '../report.ts';
import { memoryOf } from '../sizing/memory.ts';
import { seededRandom } from '../soak/random.ts';
import { COUNTER, Traffic, type Deployed } from './traffic.ts';
import { Zipf } from './zipf.ts';

const TENANTS = 1000;
/** For the VMs. */
const BUDGETS_MB = [256, 1024];
/** What a VM is reckoned at. */
const VM_MB = 32;
const IN_FLIGHT = 32;
const WARM_UP_MS = 5000;
const FOR_MS = 15_000;
const WATCH_INTERVAL_MS = 500;
const SEED = 1;
const STEPS = 2 ** 30;
/** Of one tenant in one VM. */
const FUNCTIONS = 16;

/**
 * A thousand tenants with a function each, of whom some are asked much more than others, and VMs for a few of them: how many
 * invocations find their realm warm, and what that takes. Linux only.
 */
export async function measureWarmTenants(): Promise<void> {
  console.log(`${machine()}, ${availableParallelism()} CPUs; ${TENANTS} tenants, ${IN_FLIGHT} in flight\n`);
  printHeader(
    ...['budget', 'VMs', 'invocations/s', 'warm', 'at most', 'warm: p50', 'p99', 'not warm: p50', 'p99'],
    ...['VMs at most', 'a warm realm'],
  );
  for (const budgetMb of BUDGETS_MB) await measureBudget(budgetMb);
  console.log(
    "\nAt most: what would be warm if each VM was one of the most asked tenants' for good. Memory: PSS; of a realm, with its VM, as each has one.\n",
  );
  await measureFurtherRealms();
}

async function measureBudget(budgetMb: number): Promise<void> {
  const poolSize = Math.floor(budgetMb / VM_MB);
  const library = await startLibrary({ poolSize, maxVms: poolSize, auditEnabled: false });
  try {
    const deployed = await deploy(library);
    const random = seededRandom(SEED);
    const zipf = new Zipf(TENANTS, () => random(STEPS) / STEPS);
    const next = (): Deployed => deployed[zipf.next()] as Deployed;
    await new Traffic().run(next, IN_FLIGHT, WARM_UP_MS);
    const seenMb: number[] = [];
    const watch = setInterval(() => seenMb.push(vmsMb()), WATCH_INTERVAL_MS);
    const traffic = new Traffic();
    await traffic.run(next, IN_FLIGHT, FOR_MS);
    clearInterval(watch);
    report(budgetMb, poolSize, zipf, traffic, Math.max(...seenMb));
  } finally {
    await library.close();
  }
}

async function deploy(library: Library): Promise<readonly Deployed[]> {
  const deployed: Deployed[] = [];
  for (let n = 0; n < TENANTS; n++) {
    const tenantId = `tenant-${n}`;
    deployed.push({ tenantId, counter: await library.prepareAs(tenantId, COUNTER, { wrap: 'module' }) });
  }
  return deployed;
}

function report(budgetMb: number, poolSize: number, zipf: Zipf, traffic: Traffic, mostMb: number): void {
  const { count, hitMs, missMs, wallMs, failures } = traffic;
  const times = [median(hitMs), percentile(hitMs, 99), median(missMs), percentile(missMs, 99)];
  printRow(
    `${budgetMb} MB`,
    String(poolSize),
    ((count * 1000) / wallMs).toFixed(0),
    percent(hitMs.length / count),
    percent(zipf.shareOf(poolSize)),
    ...times.map(ms),
    mb(mostMb),
    mb(mostMb / poolSize),
  );
  if (mostMb > budgetMb) fail(`${mb(mostMb)} is more than the budget of ${mb(budgetMb)}`);
  for (const [failure, times] of failures.entries()) fail(`${times} times ${failure}`);
}

/** What one more warm realm takes, of the same tenant in the same VM. */
async function measureFurtherRealms(): Promise<void> {
  const library = await startLibrary({ poolSize: 1, maxVms: 1, auditEnabled: false });
  try {
    const invoke = async (n: number): Promise<void> => {
      const counter = await library.prepareAs('tenant', `/* ${n} */ ${COUNTER}`, { wrap: 'module' });
      for (let call = 0; call < 3; call++) await counter.invoke();
    };
    await invoke(0);
    const before = vmsMb();
    for (let n = 1; n < FUNCTIONS; n++) await invoke(n);
    const perRealm = (vmsMb() - before) / (FUNCTIONS - 1);
    console.log(`One more warm realm in a VM that has one: ${perRealm.toFixed(2)} MB (of ${FUNCTIONS - 1})`);
  } finally {
    await library.close();
  }
}

function vmsMb(): number {
  return memoryOf(process.pid).vmsMb.reduce((sum, each) => sum + each, 0);
}

function fail(what: string): void {
  console.error(`FAILED: ${what}`);
  process.exitCode = 1;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function mb(value: number): string {
  return `${value.toFixed(0)} MB`;
}

import { setTimeout as sleep } from 'node:timers/promises';
import { Deadline, type ExecuteOptions, type ExecutionResult, type VmLease } from 'nestjs-js-runtime';
import { comesToRest, startLibrary, type Library } from './library.ts';
import { machine, median, ms, printHeader, printRow } from './report.ts';

const TENANT = 'A';
const POOL_SIZE = 2;
const ROUNDS = 15;
/** The first executions of a process warm it up: they are not counted. */
const WARM_UP_ROUNDS = 5;
const FUNCTIONS = 3000;
const REST_MS = 20_000;

interface Kind {
  readonly name: string;
  readonly options: ExecuteOptions;
  /** Different for each round, so that nobody has seen it. */
  readonly source: (round: number) => string;
}

const KINDS: readonly Kind[] = [
  { name: 'function', options: { wrap: 'function' }, source: (round) => `${manyFunctions(round, '')}\nreturn f1(1)` },
  {
    name: 'function, TypeScript',
    options: { wrap: 'function', language: 'typescript' },
    source: (round) => `${manyFunctions(round, ': number')}\nreturn f1(1)`,
  },
  {
    name: 'module',
    options: { wrap: 'module' },
    source: (round) => `${manyFunctions(round, '')}\nexport default () => f1(1)`,
  },
];

/** What a large script takes that nobody has seen, that another VM of the tenant's has compiled, and that the VM holds. */
export async function measureCompilation(): Promise<void> {
  const library = await startLibrary({ poolSize: POOL_SIZE, maxVms: POOL_SIZE });
  console.log(`${machine()}, ${FUNCTIONS} functions, medians of ${ROUNDS} rounds\n`);
  printHeader('', 'size', 'cold', 'cached, in another VM', 'held by the VM', 'cold / cached', 'cold / held');
  try {
    for (const kind of KINDS) await measureKind(library, kind);
    console.log(`\n${JSON.stringify(library.compiler.stats())}`);
  } finally {
    await library.close();
  }
}

async function measureKind(library: Library, { name, options, source }: Kind): Promise<void> {
  const times: Record<'cold' | 'cached' | 'held', number[]> = { cold: [], cached: [], held: [] };
  for (let round = -WARM_UP_ROUNDS; times.held.length < ROUNDS; round++) {
    if (!(await comesToRest(library.pool, POOL_SIZE, REST_MS))) throw new Error('the pool does not come to rest');
    const script = source(round);
    const run = async (): Promise<ExecutionResult> => library.runAs(TENANT, script, options);
    const cold = await run();
    const lease = await leaseOf(library, cold.vmId);
    const cached = await run();
    if (lease) library.pool.release(lease);
    await comesToRest(library.pool, POOL_SIZE, REST_MS);
    const held = await run();
    // isolated-vm takes no code cache of modules.
    const isCached = cached.usage.compile === (options.wrap === 'module' ? 'miss' : 'hit');
    if (round < 0 || cached.vmId === cold.vmId || !isCached || held.usage.compile !== 'hit') continue;
    times.cold.push(cold.usage.wallMs);
    times.cached.push(cached.usage.wallMs);
    times.held.push(held.usage.wallMs);
  }
  const [cold, cached, held] = [median(times.cold), median(times.cached), median(times.held)];
  const size = `${Math.round(source(0).length / 1000)} KB`;
  printRow(name, size, ms(cold), ms(cached), ms(held), (cold / cached).toFixed(1), (cold / held).toFixed(1));
}

/**
 * Takes the one VM away from the tenant, so that the next execution is in the other. Undefined when it is gone: isolated-vm keeps
 * the code caches that it makes, and the parser of TypeScript its memory, so every now and then a VM is replaced.
 */
async function leaseOf({ pool }: Library, vmId: string): Promise<VmLease | undefined> {
  await comesToRest(pool, POOL_SIZE, REST_MS);
  const leases: VmLease[] = [];
  for (let taken = 0; taken < POOL_SIZE; taken++) {
    leases.push(await pool.acquire({ tenantId: TENANT, deadline: new Deadline(REST_MS) }));
  }
  const wanted = leases.find(({ vm }) => vm.id === vmId);
  for (const lease of leases) if (lease !== wanted) pool.release(lease);
  while (wanted && pool.stats().available < POOL_SIZE - 1) await sleep(1);
  return wanted;
}

function manyFunctions(round: number, type: string): string {
  const functions = Array.from(
    { length: FUNCTIONS },
    (_, n) => `function f${n}(num${type})${type} { return num * ${n} + Math.max(num, ${n}) / 2 - ${round}; }`,
  );
  return functions.join('\n');
}

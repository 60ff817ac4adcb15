import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { comesToRest, outcomeOf, startLibrary, type Library } from './library.ts';
import { machine, median, ms, percentile, printHeader, printRow, Tally } from './report.ts';
import { SCRIPT } from './trivial-script.ts';

const POOL_SIZE = 10;
const ROUNDS = 5;
const ROUND_MS = 4000;
const GAP_MS = 5;
const FLOOD = { concurrency: 32, script: 'while (true) {}', timeoutMs: 500 };
/** The flood has filled the pool by then, and its first loops are being replaced: that is what it stays like. */
const RISING_MS = 1000;
const REST_MS = 60_000;
/** What a tenant may be told that takes more than its share. */
const FAIR_TO_A = ['WALL_TIME_LIMIT_EXCEEDED', 'TENANT_BUSY', 'POOL_EXHAUSTED'];

/**
 * What tenant B, who runs a trivial script every few milliseconds, notices of tenant A, who keeps as many endless loops
 * going as it is let. Rounds alone and rounds beside A alternate, so that the machine's mood falls on both.
 */
export async function measureFlood(): Promise<void> {
  const library = await startLibrary({ poolSize: POOL_SIZE });
  const [alone, beside]: [number[], number[]] = [[], []];
  const [outcomesOfA, outcomesOfB] = [new Tally(), new Tally()];
  try {
    await runAsB(library, ROUND_MS, outcomesOfB);
    for (let round = 0; round < ROUNDS; round++) {
      alone.push(...(await runAsB(library, ROUND_MS, outcomesOfB)));
      const endFlood = startFlood(library, outcomesOfA);
      await sleep(RISING_MS);
      beside.push(...(await runAsB(library, ROUND_MS, outcomesOfB)));
      await endFlood();
      if (!(await comesToRest(library.pool, POOL_SIZE, REST_MS))) throw new Error('the pool does not recover');
    }
  } finally {
    await library.close();
  }
  report(alone, beside);
  judge(outcomesOfA, outcomesOfB);
}

/** Runs one execution after the other; gives the times of those that went well. */
async function runAsB(library: Library, forMs: number, outcomes: Tally): Promise<number[]> {
  const timesMs: number[] = [];
  const until = performance.now() + forMs;
  while (performance.now() < until) {
    await sleep(GAP_MS);
    const startedAt = performance.now();
    const outcome = await outcomeOf(library.runAs('B', SCRIPT));
    if (outcome === 'OK') timesMs.push(performance.now() - startedAt);
    outcomes.add(outcome);
  }
  return timesMs;
}

function startFlood(library: Library, outcomes: Tally): () => Promise<void> {
  let isOver = false;
  const { script, timeoutMs, concurrency } = FLOOD;
  const loops = Array.from({ length: concurrency }, async () => {
    while (!isOver) {
      outcomes.add(await outcomeOf(library.runAs('A', script, { limits: { timeoutMs } })));
      // Each request of a real flood is an event of its own. Without this, 32 refusals in a row would be one that never ends.
      await setImmediate();
    }
  });
  return async () => {
    isOver = true;
    await Promise.all(loops);
  };
}

function report(alone: readonly number[], beside: readonly number[]): void {
  const figures = (times: readonly number[]): number[] => [
    median(times),
    percentile(times, 99),
    percentile(times, 100),
  ];
  const ratios = figures(beside).map((value, index) => value / (figures(alone)[index] ?? NaN));
  console.log(`${machine()}, poolSize ${POOL_SIZE}, ${ROUNDS} rounds of ${ROUND_MS / 1000} s each\n`);
  printHeader('tenant B', 'executions', 'p50', 'p99', 'max');
  printRow('alone', String(alone.length), ...figures(alone).map(ms));
  printRow("beside A's flood", String(beside.length), ...figures(beside).map(ms));
  printRow('ratio', '', ...ratios.map((ratio) => ratio.toFixed(2)));
}

function judge(outcomesOfA: Tally, outcomesOfB: Tally): void {
  const failuresOfB = outcomesOfB.total - outcomesOfB.of('OK');
  const unfairToA = outcomesOfA.entries().filter(([outcome]) => !FAIR_TO_A.includes(outcome));
  console.log(`\nA: ${String(outcomesOfA)}\nB: ${String(outcomesOfB)}`);
  if (failuresOfB > 0) console.error(`FAILED: ${failuresOfB} executions of B failed; none may`);
  if (unfairToA.length > 0) console.error(`FAILED: A may only get ${FAIR_TO_A.join(', ')}`);
  if (failuresOfB + unfairToA.length > 0) process.exitCode = 1;
}

import { isDeepStrictEqual } from 'node:util';
import type { JsRuntimeOptions } from 'nestjs-js-runtime';
import { EXECUTIONS_PER_WINDOW, typicalOf } from './counting/typical.ts';
import { MeasuredProcess } from './measured-process.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Scenario, Stage } from './scenario.ts';

/*
 * The process of one scenario, named by its argument: counts executions of it, and prints the counts as JSON.
 */

const WINDOWS = 7;
/** Code is compiled, caches are filled, hidden classes are what they will be. */
const WARM_UP_EXECUTIONS = 5 * EXECUTIONS_PER_WINDOW;

/** However busy the machine is, the library takes it for calm, and waits for its VMs. */
const START_MS = 120_000;
const LONG_MS = 3_600_000;
const CALM: JsRuntimeOptions = {
  timeoutMs: LONG_MS,
  vmCreateTimeoutMs: START_MS,
  elevatedEventLoopDelayMs: LONG_MS,
  criticalEventLoopDelayMs: 2 * LONG_MS,
  elevatedQueueWaitMs: LONG_MS,
  criticalQueueWaitMs: 2 * LONG_MS,
  memoryLimitMb: 2 ** 30,
};

const [, , name = ''] = process.argv;
const scenario = SCENARIOS[name];
if (!scenario) throw new Error(`Unknown: ${name}`);
const measured = new MeasuredProcess();
const stage = await open(scenario);
measured.started();
await scenario.begin?.(stage);
const counts = [];
for (let execution = 0; execution < WARM_UP_EXECUTIONS + WINDOWS * EXECUTIONS_PER_WINDOW; execution++) {
  const { prepare, finish } = scenario;
  // So that each window finds the same free memory, and is not interrupted by a collection of garbage.
  if (execution % EXECUTIONS_PER_WINDOW === 0) globalThis.gc?.();
  if (prepare) await measured.uncounted(() => prepare(stage, execution));
  const { counts: once, outcome } = await measured.count(() => scenario.execute(stage, execution));
  if (!isDeepStrictEqual(outcome, scenario.expected(execution))) {
    throw new Error(`${name} came to ${JSON.stringify(outcome)}`);
  }
  if (execution >= WARM_UP_EXECUTIONS) counts.push(once);
  if (finish) await measured.uncounted(() => finish(stage));
}
process.stdout.write(JSON.stringify(typicalOf(counts)), () => process.exit(0));

/** Loads the library only now, so that what it takes of Node is counted. */
async function open({ options }: Scenario): Promise<Stage> {
  const { comesToRest, startLibrary } = await import('../library.ts');
  const { BenchApi } = await import('./bench-api.ts');
  const library = await startLibrary({ ...CALM, ...options }, [BenchApi]);
  if (!(await comesToRest(library.pool, options.poolSize, START_MS))) throw new Error('not all VMs have started');
  return { library, api: library.get(BenchApi), background: [] };
}

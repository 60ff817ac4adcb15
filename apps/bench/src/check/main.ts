import { readBaseline, writeBaseline, type Baseline } from './baseline.ts';
import { differencesOf, renewed, textOf, type CountsByScenario } from './compare.ts';
import { countScenario } from './count-scenario.ts';
import { readOptions, USAGE, type CheckOptions } from './options.ts';
import { SCENARIOS } from './scenarios.ts';

const options = optionsOrExit();
const baseline = await readBaseline(options.baselineFile);
const counted = await countAll(options.scenarios ?? Object.keys(SCENARIOS));
if (options.isUpdate) await update(baseline, counted);
else check(baseline, counted);

async function countAll(names: readonly string[]): Promise<CountsByScenario> {
  const counts: Record<string, CountsByScenario[string]> = {};
  for (const name of names) {
    try {
      counts[name] = await countScenario(name);
    } catch (error) {
      console.error((error as Error).message);
      process.exit(1);
    }
    console.log(`counted: ${name}`);
  }
  return counts;
}

async function update(before: Baseline, now: CountsByScenario): Promise<void> {
  // What was not counted stays as it is.
  const others = options.scenarios ? before.scenarios : {};
  await writeBaseline(options.baselineFile, { ...others, ...renewed(before.scenarios, now) });
  const differences = differencesOf(relevant(before), now);
  for (const difference of differences) console.log(textOf(difference));
  console.log(`\n${options.baselineFile}: written, ${differences.length} counts differ from what it had`);
}

function check(before: Baseline, now: CountsByScenario): void {
  const differences = differencesOf(relevant(before), now);
  for (const difference of differences) console.error(textOf(difference));
  if (differences.length === 0) {
    console.log('\nNothing costs more than the baseline says, and nothing less.');
    return;
  }
  process.exitCode = 1;
  if (before.node !== process.version) {
    console.error(`\nThe baseline was counted with Node ${before.node}; this is ${process.version}.`);
  }
  const isMore = differences.some(({ kind }) => kind === 'more');
  const isLess = differences.some(({ kind }) => kind === 'less');
  if (isMore) {
    console.error(
      '\nMORE is a regression. Where it has to be, run npm run bench:check -- --update, and say in the commit why.',
    );
  }
  if (isLess)
    console.error('\nLESS is a gain: run npm run bench:check -- --update and commit the baseline, so that it is kept.');
}

/** Of the baseline, what was counted; with all scenarios, all that it has. */
function relevant({ scenarios }: Baseline): CountsByScenario {
  const names = options.scenarios;
  return names ? Object.fromEntries(Object.entries(scenarios).filter(([name]) => names.includes(name))) : scenarios;
}

function optionsOrExit(): CheckOptions {
  try {
    const read = readOptions(process.argv.slice(2));
    if (read === 'help') {
      console.log(USAGE);
      process.exit(0);
    }
    if (process.platform !== 'linux') throw new Error('This needs Linux: elsewhere, the library does other things');
    return read;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

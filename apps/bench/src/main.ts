import { measureCompilation } from './compilation.ts';
import { measureFlood } from './flood.ts';
import { measureHostCalls } from './host-calls.ts';
import { measureLoad } from './load/load.ts';
import { measureReplacement } from './replacement.ts';
import { measureSizing } from './sizing/sizing.ts';
import { readOptions, USAGE as SUITE_USAGE, type SuiteOptions } from './suite/options.ts';
import { benchSuite, KNOWN } from './suite/suite.ts';
import { measureWarmTenants } from './warm-tenants/warm-tenants.ts';

const SCENARIOS: Readonly<Record<string, () => Promise<void>>> = {
  compilation: measureCompilation,
  flood: measureFlood,
  'host-calls': measureHostCalls,
  load: measureLoad,
  replacement: measureReplacement,
  sizing: measureSizing,
  'warm-tenants': measureWarmTenants,
};

const USAGE = `${SUITE_USAGE}

Six workloads with this library, in fresh realms and in warm ones, and what one would use instead, in rounds that alternate; writes a
report with charts. Installs the others at first use, in a folder of their own. Ends with exit code 1 when a result is wrong.

  peers: ${KNOWN.peers.join(', ')}
  workloads: ${KNOWN.workloads.join(', ')}

npm run bench -- scenario

  compilation  a large script that nobody has seen, that another VM has compiled, and that the VM holds
  flood        what a tenant notices of another one that floods the pool with endless loops
  host-calls   a call from a script to the backend and back, beside a round trip on the pipe alone
  load         requests per second of the backend over HTTP, up to more than it takes
  replacement  how long a VM that is killed is missing, and whom that hurts
  sizing       memory of the backend and its VMs, and what more VMs bring on these CPUs (Linux)
  warm-tenants a thousand tenants with a function each, skewed traffic: how many find their realm warm, and memory (Linux)

A scenario ends with exit code 1 when it measured what must not be.`;

const args = process.argv.slice(2);
const [name = '--', ...rest] = args;
if (args.includes('--help') || args.includes('-h')) {
  console.log(USAGE);
} else if (name.startsWith('-')) {
  const options = suiteOptionsOf(args);
  if (options) await benchSuite(options);
} else {
  const scenario = Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined;
  if (scenario && rest.length === 0) await scenario();
  else if (scenario) refuse(`${name} takes no options, and has '${rest.join(' ')}'`);
  else
    refuse(
      `There is no scenario '${name}': must be one of ${Object.keys(SCENARIOS).join(', ')}, or none for the suite`,
    );
}

function suiteOptionsOf(given: readonly string[]): SuiteOptions | undefined {
  try {
    return readOptions(given, KNOWN);
  } catch (error) {
    refuse((error as Error).message);
    return undefined;
  }
}

function refuse(message: string): void {
  console.error(`${message}\n\n${USAGE}`);
  process.exitCode = 2;
}

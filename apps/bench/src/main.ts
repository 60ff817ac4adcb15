import { compare } from './comparison.ts';
import { measureCompilation } from './compilation.ts';
import { measureFlood } from './flood.ts';
import { measureHostCalls } from './host-calls.ts';
import { measureLoad } from './load/load.ts';
import { measureReplacement } from './replacement.ts';
import { measureSizing } from './sizing/sizing.ts';

const SCENARIOS: Readonly<Record<string, () => Promise<void>>> = {
  comparison: compare,
  compilation: measureCompilation,
  flood: measureFlood,
  'host-calls': measureHostCalls,
  load: measureLoad,
  replacement: measureReplacement,
  sizing: measureSizing,
};

const USAGE = `npm run bench [-- scenario]

  comparison  one execution beside raw isolated-vm (the default)
  compilation a large script that nobody has seen, that another VM has compiled, and that the VM holds
  flood       what a tenant notices of another one that floods the pool with endless loops
  host-calls  a call from a script to the backend and back, beside a round trip on the pipe alone
  load        requests per second of the backend over HTTP, up to more than it takes
  replacement how long a VM that is killed is missing, and whom that hurts
  sizing      memory of the backend and its VMs, and what more VMs bring on these CPUs (Linux)

A scenario ends with exit code 1 when it measured what must not be.`;

const [, , name = 'comparison', ...rest] = process.argv;
const scenario = Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined;
if (name === '--help' || name === '-h') {
  console.log(USAGE);
} else if (!scenario || rest.length > 0) {
  console.error(`Unknown: ${scenario ? rest.join(' ') : name}\n\n${USAGE}`);
  process.exitCode = 2;
} else {
  await scenario();
}

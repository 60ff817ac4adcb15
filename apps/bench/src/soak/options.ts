import { parseArgs } from 'node:util';

export interface SoakOptions {
  /** Infinity when only the number of executions counts. */
  readonly minutes: number;
  /** Infinity when only time counts. */
  readonly executions: number;
  readonly tenants: number;
  readonly vms: number;
  readonly seed: number;
}

export const USAGE = `npm run soak [-- options]

  --minutes n     how long (2, unless --executions says it)
  --executions n  how many executions; with --minutes too, whatever comes first
  --tenants n     tenants that come again and again (50)
  --vms n         VMs in the pool (4)
  --seed n        of the mix (1); what runs at the same time still differs from run to run
  --help

Runs a random mix of scripts in real VMs, some of which are killed, and watches memory, descriptors and processes. Ends
with exit code 1 when anything grew or any execution ended as it may not. Ctrl-C ends it early, with a report.`;

/** @throws Error that says what is wrong */
export function readOptions(args: readonly string[]): SoakOptions | 'help' {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: text,
      executions: text,
      tenants: text,
      vms: text,
      seed: text,
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return 'help';
  const number = (name: 'minutes' | 'executions' | 'tenants' | 'vms' | 'seed', fallback: number): number => {
    const given = values[name];
    if (given === undefined) return fallback;
    const value = Number(given);
    const isFit = name === 'minutes' ? value > 0 && value < Infinity : Number.isSafeInteger(value) && value > 0;
    if (given.trim() === '' || !isFit) {
      throw new Error(`--${name} is '${given}': must be a ${name === 'minutes' ? '' : 'whole '}number above 0`);
    }
    return value;
  };
  return {
    minutes: number('minutes', values.executions === undefined ? 2 : Infinity),
    executions: number('executions', Infinity),
    tenants: number('tenants', 50),
    vms: number('vms', 4),
    seed: number('seed', 1),
  };
}

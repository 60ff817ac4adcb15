import { parseArgs } from 'node:util';
import { BASELINE_FILE } from './baseline.ts';
import { SCENARIOS } from './scenarios.ts';

export interface CheckOptions {
  /** Undefined for all there are, and all that the baseline has. */
  readonly scenarios: readonly string[] | undefined;
  readonly baselineFile: string;
  /** Whether what is counted becomes the baseline. */
  readonly isUpdate: boolean;
}

export const USAGE = `npm run bench:check [-- options] [scenario…]

  --update         writes what is counted as the baseline
  --baseline file  another one than apps/bench/baseline.json
  --help

Counts what an execution costs on its path, and compares it with the baseline. Ends with exit code 1 when anything is more than
there, or less. Scenarios, all unless some are named:
  ${Object.keys(SCENARIOS).join(', ')}`;

/** @throws Error that says what is wrong */
export function readOptions(args: readonly string[]): CheckOptions | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      update: { type: 'boolean', default: false },
      baseline: { type: 'string', default: BASELINE_FILE },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const unknown = positionals.filter((name) => !Object.hasOwn(SCENARIOS, name));
  if (unknown.length > 0) throw new Error(`Unknown: ${unknown.join(', ')}`);
  return {
    scenarios: positionals.length > 0 ? positionals : undefined,
    baselineFile: values.baseline,
    isUpdate: values.update,
  };
}

import { parseArgs } from 'node:util';

export interface OverloadOptions {
  /** Seconds in all instead of minutes: whether it works, not what it comes to. */
  readonly isQuick: boolean;
  /** Whether the backend is measured over HTTP, instead of the library in this process. */
  readonly isHttp: boolean;
  readonly hasCharts: boolean;
  /** Folder of the report; undefined for the usual one. */
  readonly out: string | undefined;
}

export const USAGE = `npm run bench:overload [-- options]

  --quick      seconds instead of minutes: whether it works, not what it comes to
  --http       the backend over HTTP, instead of the library in the same process
  --no-charts  the report without charts; needs no packages beside the project's own
  --out dir    where the report goes (docs/benchmarks; with --quick, a new folder for temporary files)
  --help

Offers more than can be done, in an open loop: requests come when they come, and wait for no answer. First by many tenants, at 0.5
to 10 times what can be done; then by one tenant beside another one that asks for little. Ends with exit code 1 when a target is
missed, and with 2 when it was called wrongly.`;

/** @throws Error that says what is wrong */
export function readOptions(args: readonly string[]): OverloadOptions | 'help' {
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: flag,
      http: flag,
      'no-charts': flag,
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return 'help';
  if (values.out?.trim() === '') throw new Error("--out is '': must be a folder");
  return {
    isQuick: values.quick ?? false,
    isHttp: values.http ?? false,
    hasCharts: !values['no-charts'],
    out: values.out,
  };
}

import { parseArgs } from 'node:util';

export interface SuiteOptions {
  readonly isQuick: boolean;
  readonly peers: readonly string[] | undefined;
  readonly workloads: readonly string[] | undefined;
  readonly rounds: number | undefined;
  readonly out: string | undefined;
}

export const USAGE = `npm run bench [-- options]

  --quick          seconds, with peers that need no installation: whether it works, not what it comes to
  --peers a,b      only these, in this order
  --workloads a,b  only these
  --rounds n       of each, which alternate between the peers (3)
  --out dir        where the report goes (docs/benchmarks; what is quick or partial goes nowhere unless this says where)
  --help`;

/**
 * @param known what may be named
 * @throws Error that says what is wrong, and what would be right
 */
export function readOptions(
  args: readonly string[],
  known: { readonly peers: readonly string[]; readonly workloads: readonly string[] },
): SuiteOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { quick: { type: 'boolean' }, peers: text, workloads: text, rounds: text, out: text },
  });
  return {
    isQuick: values.quick ?? false,
    peers: namesOf('peers', values.peers, known.peers),
    workloads: namesOf('workloads', values.workloads, known.workloads),
    rounds: roundsOf(values.rounds),
    out: folderOf(values.out),
  };
}

function namesOf(option: string, given: string | undefined, known: readonly string[]): readonly string[] | undefined {
  if (given === undefined) return undefined;
  const names = given.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`--${option} has '${unknown}': must be one or more of ${known.join(', ')}, joined by commas`);
  }
  return [...new Set(names)];
}

function roundsOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const rounds = Number(given);
  if (Number.isSafeInteger(rounds) && rounds >= 1 && rounds <= 100) return rounds;
  throw new Error(`--rounds is '${given}': must be a whole number from 1 to 100`);
}

function folderOf(given: string | undefined): string | undefined {
  if (given?.trim() === '') throw new Error("--out is '': must be a folder");
  return given;
}

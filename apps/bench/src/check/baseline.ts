import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { CountsByScenario } from './compare.ts';

export const BASELINE_FILE = fileURLToPath(new URL('../../baseline.json', import.meta.url));

/** What is checked in. */
export interface Baseline {
  /** The Node that it was counted with: another one may allocate differently. */
  readonly node: string;
  readonly scenarios: CountsByScenario;
}

const NONE: Baseline = { node: process.version, scenarios: {} };

/** Where there is no file, a baseline without scenarios. */
export async function readBaseline(file: string): Promise<Baseline> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Baseline;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NONE;
    throw error;
  }
}

export async function writeBaseline(file: string, scenarios: CountsByScenario): Promise<void> {
  const baseline: Baseline = { node: process.version, scenarios };
  await writeFile(file, `${JSON.stringify(baseline, undefined, 2)}\n`);
}

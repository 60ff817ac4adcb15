import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Counts } from './counting/counter.ts';
import { SAME_CODE_ALWAYS } from './counting/processes.ts';

const PROCESS = fileURLToPath(new URL('scenario-process.ts', import.meta.url));
/** In MB: enough that garbage is hardly ever collected while an execution is counted. */
const YOUNG_GENERATION = ['--min-semi-space-size=64', '--max-semi-space-size=64'];

/** Counts the executions of a scenario, in a process of its own. @throws Error with what that said, when it failed */
export async function countScenario(name: string): Promise<Counts> {
  const args = ['--expose-gc', ...SAME_CODE_ALWAYS, ...YOUNG_GENERATION, PROCESS, name];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return JSON.parse(stdout) as Counts;
  } catch (error) {
    const { stderr = String(error) } = error as { readonly stderr?: string };
    throw new Error(`${name} could not be counted:\n${stderr}`, { cause: error });
  }
}

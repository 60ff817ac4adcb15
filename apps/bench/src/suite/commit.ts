import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What was measured, or as much as can be said of that. */
export async function currentCommit(): Promise<string> {
  try {
    const commit = await git('rev-parse', '--short=12', 'HEAD');
    const changed = await git('status', '--porcelain', '--', ':/libs', ':/apps');
    return changed === '' ? commit : `${commit} with changes`;
  } catch {
    return 'unknown';
  }
}

async function git(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('git', args, { cwd: import.meta.dirname });
  return stdout.trim();
}

import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Calls `use` with a new folder outside the repository, and with a signal that fires when this process is told to end; and
 * deletes the folder, whatever came of it. A failure is told in one message, and is the exit code.
 */
export async function inTemporaryFolder(use) {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(name, () => stop.abort(new Error(`Stopped by ${name}`)));
  // Processes are found by their command lines, which have the real path.
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'js-runtime-package-')));
  try {
    await use(folder, stop.signal);
  } catch (error) {
    console.error(`\nFAILED: ${error.message}`);
    process.exitCode = 1;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const FOLDER = new URL('../peers/', import.meta.url);
/** Says which lock file what is installed came from. */
const STAMP = new URL('node_modules/.installed-from', FOLDER);

/**
 * Installs the packages that only benchmarks need, as their own lock file says, unless they are there. They are no part of the project's
 * installation: among them are sandboxes with known holes, and some 340 MB. Gives the reason when it could not be done.
 */
export async function installPackages(): Promise<{ readonly failure?: string }> {
  const wanted = createHash('sha256')
    .update(await readFile(new URL('package-lock.json', FOLDER)))
    .digest('hex');
  if ((await readFile(STAMP, 'utf8').catch(() => '')) === wanted) return {};
  console.error('Installing what benchmarks need, once, in apps/bench/peers (npm install; seconds to a minute)');
  // Not `ci`, which refuses a lock file without the packages of every platform, and not every registry has those. No install scripts:
  // what needs a download or a compiler of its own is left out of the comparison.
  const failure = await npm([
    ...['install', '--no-save', '--ignore-scripts'],
    ...['--no-audit', '--no-fund', '--loglevel=error'],
  ]);
  if (failure !== undefined) return { failure };
  await writeFile(STAMP, wanted);
  return {};
}

/** A package of `apps/bench/peers`, to be cast to as much of it as is used. */
export async function loadPackage(name: string): Promise<unknown> {
  const { load } = (await import(new URL('load.mjs', FOLDER).href)) as { load: (name: string) => Promise<unknown> };
  return load(name);
}

export async function versionOf(name: string): Promise<string> {
  const json = await readFile(new URL(`node_modules/${name}/package.json`, FOLDER), 'utf8');
  return (JSON.parse(json) as { version: string }).version;
}

async function npm(args: readonly string[]): Promise<string | undefined> {
  const child = spawn('npm', args, {
    cwd: fileURLToPath(FOLDER),
    stdio: ['ignore', 'ignore', 'pipe'],
    shell: process.platform === 'win32',
  });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code === 0 ? undefined : `npm install failed: ${firstLineOf(complaints) ?? `exit code ${code}`}`;
  } catch (error) {
    return `npm cannot be started: ${String(error)}`;
  }
}

function firstLineOf(text: string): string | undefined {
  return text.split('\n').find((line) => line.trim() !== '');
}

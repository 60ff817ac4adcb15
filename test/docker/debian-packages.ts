import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What `apt-get update && apt-get install --yes a b && …` installs. */
export function debianPackagesOf(command: string): readonly string[] {
  const [, words = ''] = /\bapt-get (?:-\S+ )*install ([^&;|]*)/.exec(command) ?? [];
  return words.split(/\s+/).filter((word) => word !== '' && !word.startsWith('-'));
}

/**
 * Puts the files of packages into a folder, of the release that this machine has. Nothing is installed, and what they depend on
 * is the machine's.
 *
 * @returns those that cannot be had: there is no apt-get here, or no list of packages, or no network
 */
export function unpackDebian(packages: readonly string[], root: string): readonly string[] {
  const directory = mkdtempSync(join(tmpdir(), 'js-runtime-debian-'));
  try {
    return packages.filter((name) => {
      const { status } = spawnSync('apt-get', ['download', name], { cwd: directory, stdio: 'ignore' });
      const [file] = globSync(`${name}_*.deb`, { cwd: directory });
      if (status !== 0 || file === undefined) return true;
      return spawnSync('dpkg', ['-x', file, root], { cwd: directory, stdio: 'ignore' }).status !== 0;
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

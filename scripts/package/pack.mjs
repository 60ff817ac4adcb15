import { join } from 'node:path';
import { cleanEnvironment } from './clean-environment.mjs';
import { LIBRARY, ROOT } from './paths.mjs';
import { runCommand } from './run-command.mjs';

/**
 * Builds the library and packs it into `folder`.
 * @returns the path of the tarball, and the paths of the files in it
 */
export async function pack(folder, signal) {
  const options = { env: cleanEnvironment(), signal };
  console.log('Building the library …');
  await runCommand('npm', ['run', 'build:library'], { ...options, cwd: ROOT, timeoutMs: 180_000 });
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const answer = await runCommand('npm', args, { ...options, cwd: LIBRARY, timeoutMs: 60_000 });
  const [{ filename, size, files }] = JSON.parse(answer);
  console.log(`Packed ${filename}: ${files.length} files, ${Math.round(size / 1024)} KiB`);
  return { tarball: join(folder, filename), files: files.map((file) => file.path) };
}

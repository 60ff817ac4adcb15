import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { configurationReference } from './docs-config/reference.mjs';

/*
 * Writes docs/configuration.md from the schemas that the settings are checked with; `--check` writes nothing, and fails when the
 * file is not what would be written. Another file can be named for either.
 */

const args = process.argv.slice(2);
const isCheck = args.includes('--check');
const [file = resolve(import.meta.dirname, '../docs/configuration.md')] = args.filter((arg) => arg !== '--check');

const wanted = await format(configurationReference(), { ...(await resolveConfig(file)), parser: 'markdown' });
if (!isCheck) {
  await writeFile(file, wanted);
} else if ((await readFile(file, 'utf8').catch(() => '')) !== wanted) {
  console.error(`${file} is not what the schemas say: run npm run docs:config, and commit what it writes`);
  process.exitCode = 1;
}

import { globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import ts from 'typescript';

/** What the files of a build import that is not theirs or Node's: names of packages, each with the files that want it. */
export function packagesImportedIn(dist) {
  const packages = new Map();
  for (const file of globSync('**/*.{js,d.ts}', { cwd: dist }).sort()) {
    for (const { fileName } of ts.preProcessFile(readFileSync(join(dist, file), 'utf8'), true, true).importedFiles) {
      if (fileName.startsWith('.') || isBuiltin(fileName)) continue;
      const name = fileName.split('/', fileName.startsWith('@') ? 2 : 1).join('/');
      packages.set(name, [...new Set([...(packages.get(name) ?? []), file])]);
    }
  }
  return packages;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagesImportedIn } from './imports-of-dist.mjs';
import { LIBRARY, ROOT, readManifest } from './paths.mjs';
import { readReadmeApp } from './readme-app.mjs';

/** `dist/sandbox/main.js` is what a VM process runs; nothing imports it. */
const WANTED = ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts', 'dist/sandbox/main.js'];
const UNWANTED = /^(src|test-support|node_modules)\/|\.spec\.|\.tsbuildinfo$/;

/** What is wrong with the files of a package and with what it says it depends on, in sentences. */
export function problemsOfContents(files) {
  return [
    ...WANTED.filter((file) => !files.includes(file)).map((file) => `${file} is not in the package`),
    ...files.filter((file) => UNWANTED.test(file)).map((file) => `${file} is in the package`),
    ...problemsOfDependencies(),
    ...problemsOfCopies(),
  ];
}

function problemsOfDependencies() {
  const { dependencies, peerDependencies } = readManifest(LIBRARY);
  const imported = packagesImportedIn(join(LIBRARY, 'dist'));
  return [
    ...[...imported]
      .filter(([name]) => !(name in dependencies) && !(name in peerDependencies))
      .map(([name, by]) => `${name} is no dependency of the package, and imported by ${by.join(', ')}`),
    ...Object.keys(dependencies)
      .filter((name) => name in peerDependencies)
      .map((name) => `${name} is both a dependency and a peer of the package`),
  ];
}

function problemsOfCopies() {
  const [ours, theirs] = [ROOT, LIBRARY];
  const problems = [];
  const read = (folder, file) => readFileSync(join(folder, file), 'utf8');
  if (read(ours, 'LICENSE') !== read(theirs, 'LICENSE'))
    problems.push('The LICENSE of the package is not that of the repository');
  if (readReadmeApp(join(ours, 'README.md')) !== readReadmeApp(join(theirs, 'README.md'))) {
    problems.push('The README of the package shows another application than that of the repository');
  }
  return problems;
}

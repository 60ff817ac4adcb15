import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');
export const LIBRARY = join(ROOT, 'libs/js-runtime');
/** The Node that everything here runs on, whichever started this script. */
export const NODE = join(ROOT, 'node_modules/.bin/node');

/** The program of a package that the repository has installed. */
export const binOf = (name) => join(ROOT, 'node_modules/.bin', name);
export const readManifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

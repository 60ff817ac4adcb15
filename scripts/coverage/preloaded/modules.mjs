import { openSync, readFileSync, writeSync } from 'node:fs';
import { registerHooks } from 'node:module';

/*
 * Preloaded into processes that tests start, from the directory that prepare-processes.mjs lays out: replaces modules by
 * such with counters, and writes the counts down when the process exits.
 */

/** Reads one of the files beside this one. */
export function read(name) {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}

/** File with counters by URL of the module. */
const files = JSON.parse(read('modules.json'));
/** Opened now: a VM process may not open anything later. */
const name = `${process.pid}-${process.hrtime.bigint()}`;
const countsFiles = [0, 1].map((n) => openSync(new URL(`../counts/${name}.${n}.json`, import.meta.url), 'w'));
let turn = 0;
const additions = {};

registerHooks({
  // Modules with counters are made from source and import each other so, also where they stand in for built ones.
  resolve(specifier, context, next) {
    const { parentURL = '' } = context;
    const isBuilt = Object.hasOwn(files, parentURL) && parentURL.endsWith('.js');
    return next(isBuilt && specifier.startsWith('.') ? specifier.replace(/\.ts$/, '.js') : specifier, context);
  },
  load: (url, context, next) =>
    Object.hasOwn(files, url) ? { format: 'module', source: read(files[url]), shortCircuit: true } : next(url, context),
});

/** Has `value()` written down with the counts. */
export function alsoWrite(name, value) {
  additions[name] = value;
}

export function writeCounts() {
  const counts = {
    turn: ++turn,
    modules: Object.values(globalThis.__coverage__ ?? {}).map(({ path, s, f, b }) => ({ path, s, f, b })),
    ...Object.fromEntries(Object.entries(additions).map(([name, value]) => [name, value()])),
  };
  // The process may be killed while it writes; what it wrote before has to stay whole. Counts only grow, so no end of
  // something longer is left behind.
  writeSync(countsFiles[turn % 2], JSON.stringify(counts), 0);
}

process.on('exit', writeCounts);

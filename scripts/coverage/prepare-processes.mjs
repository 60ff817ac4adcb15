import { chmodSync, cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformSync } from '@swc/core';
import { REALM_FILE_NAME } from '../../libs/js-runtime/src/sandbox/realm/realm-source.ts';
import { builtFileOf, inBackendProcess, inRealms, inVmProcess, isTest } from './files.mjs';
import { instrument } from './instrument.mjs';

const MEMORY_NAME = '$coverageMemory';
const COUNTER_BYTES = Uint32Array.BYTES_PER_ELEMENT;

/**
 * Lays out in `directory` what processes that tests start need to count:
 *
 * - `node`: an executable to use in place of Node, which preloads into VM processes and into the built backend what
 *   counts there, and is plain Node for everything else.
 * - `vm-process/`, `backend/`: what is preloaded, and the modules with counters.
 * - `counts/`: where each process writes its counts.
 *
 * Returns a function that adds up all of these in a coverage map.
 */
export function prepareProcesses(directory, swcOptions) {
  const counts = join(directory, 'counts');
  mkdirSync(counts);
  const coverageByPath = new Map();

  /** Modules with counters for one kind of process; `urlOf` is what it loads a source as. */
  const layOut = (kind, patterns, urlOf, compile) => {
    const target = join(directory, kind);
    cpSync(new URL('preloaded/', import.meta.url), target, { recursive: true });
    const names = {};
    for (const [index, file] of sources(patterns).entries()) {
      const path = resolve(file);
      const { code, coverage } = instrument(readFileSync(path, 'utf8'), path);
      writeFileSync(join(target, `${index}.js`), compile(code, path));
      names[urlOf(file)] = `${index}.js`;
      coverageByPath.set(path, { coverage, counterName: /^function (\w+)/.exec(code)[1] });
    }
    writeFileSync(join(target, 'modules.json'), JSON.stringify(names));
    return target;
  };
  const vmProcess = layOut(
    'vm-process',
    inVmProcess,
    (file) => pathToFileURL(file),
    (code) => stripTypeScriptTypes(code),
  );
  const backend = layOut(
    'backend',
    inBackendProcess,
    (file) => pathToFileURL(builtFileOf(file)),
    (code, filename) => transformSync(code, { ...swcOptions, filename, sourceMaps: false }).code,
  );

  const realmFiles = sources(inRealms).map((file) => coverageByPath.get(resolve(file)));
  const counters = realmFiles.flatMap(({ coverage }) => countersOf(coverage).flat()).length;
  const realm = { fileName: REALM_FILE_NAME, memoryName: MEMORY_NAME, bytes: counters * COUNTER_BYTES };
  writeFileSync(join(vmProcess, 'realm.json'), JSON.stringify(realm));
  writeFileSync(join(vmProcess, 'realm-counters.js'), realmCounters(realmFiles));
  writeNode(join(directory, 'node'), { vmProcess, backend, counts });

  return function addTo(map) {
    const add = (path, { s, f, b }) => map.addFileCoverage({ ...coverageByPath.get(path).coverage, s, f, b });
    for (const { modules, realm: ofRealm = [] } of latestCounts(counts)) {
      for (const { path, ...values } of modules) add(path, values);
      let at = 0;
      for (const { coverage } of ofRealm.length > 0 ? realmFiles : []) {
        const [s, f, ...b] = countersOf(coverage).map((group) => ofRealm.slice(at, (at += group.length)));
        add(coverage.path, { s: { ...s }, f: { ...f }, b: { ...b } });
      }
    }
  };
}

/** Every process writes two files in turn; it may have been killed while it wrote one of them. */
function latestCounts(directory) {
  const latest = new Map();
  for (const file of globSync(join(directory, '*.json'))) {
    const name = file.replace(/\.\d\.json$/, '');
    try {
      const counts = JSON.parse(readFileSync(file, 'utf8'));
      if (counts.turn > (latest.get(name)?.turn ?? 0)) latest.set(name, counts);
    } catch {
      // The other one is whole.
    }
  }
  return latest.values();
}

function sources(patterns) {
  return globSync(patterns).filter((file) => !isTest(file));
}

/** VM processes are those with a permission model; they get the right to what they need for this, and no other. */
function writeNode(path, { vmProcess, backend, counts }) {
  const preload = (directory, name) => `--import='${pathToFileURL(join(directory, name))}'`;
  const allowed = `--allow-fs-read='${vmProcess}' --allow-fs-read='${counts}' --allow-fs-write='${counts}'`;
  writeFileSync(
    path,
    `#!/bin/sh
case "$*" in
  *--permission*) exec '${process.execPath}' ${preload(vmProcess, 'vm-process.mjs')} ${allowed} "$@" ;;
  '${resolve(builtFileOf('src/main.ts'))}') exec '${process.execPath}' ${preload(backend, 'backend.mjs')} "$@" ;;
esac
exec '${process.execPath}' "$@"
`,
  );
  chmodSync(path, 0o755);
}

/** The counters of a file as groups: its statements, its functions, then each of its branches. */
function countersOf({ s, f, b }) {
  return [Object.values(s), Object.values(f), ...Object.values(b)];
}

/**
 * A script that declares, for each file, the function that its code calls to get at its counters. Scripts in the same
 * context see these names, but not as properties of the global object.
 */
function realmCounters(realmFiles) {
  const sizes = realmFiles.map(({ coverage }) => countersOf(coverage).map((group) => group.length));
  return `const [${realmFiles.map(({ counterName }) => counterName).join(', ')}] = (() => {
  const memory = globalThis.${MEMORY_NAME};
  delete globalThis.${MEMORY_NAME};
  let at = 0;
  const view = (size) => {
    const counters = new Uint32Array(memory, at * ${COUNTER_BYTES}, size);
    at += size;
    return counters;
  };
  return ${JSON.stringify(sizes)}.map((groups) => {
    const [s, f, ...b] = groups.map(view);
    const counters = { __proto__: null, s, f, b };
    return () => counters;
  });
})();
`;
}

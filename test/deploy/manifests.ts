import { globSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

/** Of a manifest, whatever it has: what there is to know of it is asserted, not typed. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- like the bodies that supertest reads
export type Manifest = Record<string, any>;

export const ROOT = 'deploy/k8s';

/** The documents of a file. @throws Error for YAML that is none, or that names a key twice */
export function readManifests(file: string): readonly Manifest[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).map((document) => {
    if (document.errors.length > 0) throw new Error(`${file}: ${document.errors.join('\n')}`);
    return document.toJS() as Manifest;
  });
}

/** Everything that is applied or filled in; not what is for other programs. */
export function resourceFiles(): readonly string[] {
  return globSync(`${ROOT}/**/*.yaml`)
    .filter((file) => !/(kustomization|prometheus-adapter\.example)\.yaml$/.test(file))
    .sort();
}

/** The one resource of a kind. */
export function theOnly(kind: string): Manifest {
  const all = resourceFiles()
    .flatMap(readManifests)
    .filter((manifest) => manifest.kind === kind);
  const [first] = all;
  if (!first || all.length > 1) throw new Error(`there are ${all.length} of kind ${kind}`);
  return first;
}

/** `NAME=value` by line, as kustomize reads it. */
export function readSettings(): Readonly<Record<string, string>> {
  const lines = readFileSync(`${ROOT}/base/settings.env`, 'utf8').split('\n');
  const settings = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    settings.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

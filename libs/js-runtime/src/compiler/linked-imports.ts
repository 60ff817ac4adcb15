import { hash } from 'node:crypto';
import type { LinkedImport, LinkedModules } from '../process/linked-modules.ts';
import { ASKED_AT_ONCE, isThenable, type Asker, type ModuleLookup } from './module-finder.ts';
import type { ModuleSource } from './module-resolver.ts';
import type { LoadedScript } from './script-loader.ts';

/** So much is kept of the imports of one realm, in UTF-16 code units: a script decides how many they are, and how long. */
const MAX_CHARS = 16 * 1024;

const NO_IMPORTS: LinkedModules = { version: '', imports: [] };

/** What the imports of a script came to, so that it can be told whether they still do. Of their sources nothing is kept. */
export function linkedModulesOf({ units, scripts }: LoadedScript): LinkedModules {
  if (scripts.length < 2 && units[0]?.imports.length === 0) return NO_IMPORTS;
  const imports: LinkedImport[] = [];
  let chars = 0;
  for (const [at, unit] of units.entries()) {
    const importer = scripts[at]?.name ?? '';
    for (const [specifier, index] of unit.imports) {
      const id = scripts[index]?.id ?? '';
      chars += specifier.length + importer.length;
      imports.push({ specifier, importer, id });
    }
  }
  const version = hash('sha256', JSON.stringify(imports), 'hex');
  return { version, imports: chars > MAX_CHARS ? undefined : imports };
}

/**
 * Whether all imports come to the same now.
 *
 * @returns at once when the resolver does
 * @throws what the resolver throws
 */
export function areCurrent({ imports }: LinkedModules, lookup: ModuleLookup, asker: Asker): boolean | Promise<boolean> {
  if (!imports) return false;
  for (const [at, one] of imports.entries()) {
    const found = lookup.find(one.specifier, { name: one.importer }, asker);
    if (isThenable(found)) return areCurrentFrom(imports, at, found, lookup, asker);
    if (!isSame(one, found, lookup)) return false;
  }
  return true;
}

/** @param first what the one at `start` comes to */
async function areCurrentFrom(
  imports: readonly LinkedImport[],
  start: number,
  first: unknown,
  lookup: ModuleLookup,
  asker: Asker,
): Promise<boolean> {
  for (let from = start; from < imports.length; from += ASKED_AT_ONCE) {
    const batch = imports.slice(from, from + ASKED_AT_ONCE);
    const found = await Promise.all(
      batch.map(async ({ specifier, importer }, at) =>
        from + at === start ? await first : await lookup.find(specifier, { name: importer }, asker),
      ),
    );
    if (!batch.every((one, at) => isSame(one, found[at], lookup))) return false;
  }
  return true;
}

function isSame({ specifier, importer, id }: LinkedImport, found: unknown, lookup: ModuleLookup): boolean {
  if (found === undefined || found === null) return false;
  try {
    return lookup.describe(found as ModuleSource, specifier, { name: importer }).id === id;
  } catch {
    // No module, or a too large one: whoever links it anew is told what is wrong with it.
    return false;
  }
}

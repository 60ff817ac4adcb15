import { createInstrumenter } from 'istanbul-lib-instrument';

/**
 * Adds counters to a TypeScript source. It is done before types and decorators are compiled away, so that what is
 * counted is what was written: nothing that a compiler added, at the positions of the file.
 */
export function instrument(source, file) {
  const instrumenter = createInstrumenter({
    esModules: true,
    coverageGlobalScope: 'globalThis',
    coverageGlobalScopeFunc: false,
    parserPlugins: ['typescript', 'decorators-legacy'],
    preserveComments: true,
    compact: false,
    // Stack traces keep their lines.
    generatorOpts: { retainLines: true },
  });
  const code = instrumenter.instrumentSync(source, file);
  return { code, coverage: instrumenter.lastFileCoverage() };
}

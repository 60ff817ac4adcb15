import base from '../../jest.config.mjs';
import { inJest } from './files.mjs';

const directory = process.env.COVERAGE_DIRECTORY;
if (!directory) throw new Error('Only for scripts/coverage.mjs, which sets COVERAGE_DIRECTORY');
const transformer = new URL('transformer.mjs', import.meta.url).pathname;

/** The project's configuration, with counters in the code and a collector in the VM processes. */
export default {
  ...base,
  rootDir: '../..',
  // They measure memory and CPU, of which counters take their part, and reach nothing that other tests do not.
  testPathIgnorePatterns: ['/node_modules/', '/test/hostile/'],
  transform: Object.fromEntries(
    Object.entries(base.transform).map(([pattern, [, options]]) => [pattern, [transformer, options]]),
  ),
  setupFiles: [...(base.setupFiles ?? []), new URL('use-collecting-node.mjs', import.meta.url).pathname],
  collectCoverage: true,
  collectCoverageFrom: inJest,
  coverageDirectory: directory,
  coverageReporters: ['json'],
};

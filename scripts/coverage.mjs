import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve, sep } from 'node:path';
import coverage from 'istanbul-lib-coverage';
import report from 'istanbul-lib-report';
import reports from 'istanbul-reports';
import jestConfig from '../jest.config.mjs';
import { all, groups, isTest } from './coverage/files.mjs';
import { instrument } from './coverage/instrument.mjs';
import { prepareProcesses } from './coverage/prepare-processes.mjs';

/*
 * Runs all tests and measures what they cover: in Jest's processes, in the backend and VM processes that they start, and
 * in the isolates of these. Fails when the tests do, or when library or backend is covered less than MIN_PERCENT in any metric.
 */

const MIN_PERCENT = 90;
const METRICS = ['lines', 'statements', 'functions', 'branches'];

process.chdir(resolve(import.meta.dirname, '..'));
const directory = mkdtempSync(join(tmpdir(), 'js-runtime-coverage-'));
try {
  process.exitCode = main();
} finally {
  rmSync(directory, { recursive: true });
}

function main() {
  const [[, swcOptions]] = Object.values(jestConfig.transform);
  const addProcesses = prepareProcesses(directory, swcOptions);
  const testsPassed = runTests();
  const countsOfJest = join(directory, 'coverage-final.json');
  if (!existsSync(countsOfJest)) return 1;
  const map = coverage.createCoverageMap(JSON.parse(readFileSync(countsOfJest, 'utf8')));
  addFilesThatNoTestLoads(map);
  addProcesses(map);
  // A file of types only has nothing to cover.
  map.filter((file) => !map.fileCoverageFor(file).toSummary().isEmpty());

  const context = report.createContext({ dir: 'coverage', coverageMap: map, defaultSummarizer: 'pkg' });
  reports.create('text', { maxCols: 120 }).execute(context);
  reports.create('html').execute(context);
  const isCovered = groups.map((group) => judge(group, map));
  return testsPassed && isCovered.every(Boolean) ? 0 : 1;
}

function runTests() {
  const node = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const jest = ['node_modules/jest/bin/jest.js', '--config', 'scripts/coverage/jest.config.mjs'];
  const { status } = spawnSync(process.execPath, [...node, ...jest, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, COVERAGE_DIRECTORY: directory },
  });
  return status === 0;
}

function addFilesThatNoTestLoads(map) {
  for (const file of globSync(all).filter((name) => !isTest(name))) {
    const path = resolve(file);
    map.addFileCoverage(instrument(readFileSync(path, 'utf8'), path).coverage);
  }
}

function judge({ name, directory: groupDirectory }, map) {
  const summary = coverage.createCoverageSummary();
  for (const file of map.files()) {
    if (file.startsWith(resolve(groupDirectory) + sep)) summary.merge(map.fileCoverageFor(file).toSummary());
  }
  const percents = METRICS.map((metric) => `${metric} ${summary[metric].pct} %`);
  const isEnough = METRICS.every((metric) => summary[metric].pct >= MIN_PERCENT);
  console.log(
    `${name}: ${percents.join(', ')} - ${isEnough ? 'enough' : `NOT ENOUGH, at least ${MIN_PERCENT} % each`}`,
  );
  return isEnough;
}

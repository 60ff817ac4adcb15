import { existsSync, readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

/* `node scripts/test-results.mjs <file>…`: what failed in runs of Jest (`--json --outputFile=<file>`), and how many passed. */

/** Enough for an assertion and where it is. */
const MAX_CHARS_OF_MESSAGE = 600;

const runs = process.argv
  .slice(2)
  .filter(existsSync)
  .map((file) => JSON.parse(readFileSync(file, 'utf8')));
for (const file of runs.flatMap(({ testResults }) => testResults).filter(({ status }) => status === 'failed')) {
  const failed = file.assertionResults.filter(({ status }) => status === 'failed');
  // A file that could not be run at all has no tests.
  if (failed.length === 0) tell(file.name, file.message);
  for (const { fullName, failureMessages } of failed) tell(`${file.name}: ${fullName}`, failureMessages.join('\n'));
}
const sum = (name) => runs.reduce((total, run) => total + run[name], 0);
const unrun = sum('numRuntimeErrorTestSuites');
console.log(`${sum('numPassedTests')} passed, ${sum('numFailedTests') + unrun} failed`);

function tell(what, message) {
  console.log(`FAILED ${what}\n${stripVTControlCharacters(message).slice(0, MAX_CHARS_OF_MESSAGE)}\n`);
}

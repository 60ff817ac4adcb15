import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { isRedisLeftOut } from '../libs/js-runtime/test-support/find-redis-server.ts';

/*
 * Runs all tests with Jest: the hostile suite at the end and by itself, as it takes all CPUs there are, and others would run
 * into their time limits. Arguments are passed on; with a name or a path among them, only what that names is run. A file of
 * results (`--outputFile=…`) gets a second one beside it, for the hostile suite. Says at the end what could not be tested here.
 */

const HOSTILE = 'test/hostile';

process.chdir(resolve(import.meta.dirname, '..'));
const args = process.argv.slice(2);
if (args.some((arg) => !arg.startsWith('-'))) {
  process.exitCode = jest(args);
} else {
  const others = jest([...args, '--testPathIgnorePatterns', '/node_modules/', HOSTILE]);
  const ofHostile = args.map((arg) => (arg.startsWith('--outputFile=') ? `${arg}.hostile` : arg));
  const hostile = jest([...ofHostile, '--runInBand', HOSTILE]);
  process.exitCode = others || hostile;
}
if (isRedisLeftOut()) {
  console.log(
    '\nLeft out: the tests of what is shared in Redis (caches, storage). To have them, install redis-server.',
  );
}

function jest(jestArgs) {
  const node = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
  const { status } = spawnSync(process.execPath, [...node, ...jestArgs], { stdio: 'inherit' });
  return status ?? 1;
}

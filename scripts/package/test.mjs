import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { appVersions } from './app-versions.mjs';
import { writeBlankApp } from './blank-app.mjs';
import { cleanEnvironment } from './clean-environment.mjs';
import { inTemporaryFolder } from './in-temporary-folder.mjs';
import { pack } from './pack.mjs';
import { NODE, ROOT } from './paths.mjs';
import { processesOf } from './processes-of.mjs';
import { readReadmeApp } from './readme-app.mjs';
import { runCommand } from './run-command.mjs';
import { ServedApp } from './served-app.mjs';

/*
 * Is the package what the README promises? Packs the library, installs it with its peers into a blank Nest application outside
 * the repository, with the README's example in it, compiles that, takes all development dependencies away, serves it and asks
 * it for a price. `--lowest-peers` takes the lowest versions that the peer dependencies allow.
 */

const EXPECTED = { status: 201, text: '{"price":180}' };
const ENDING_MS = 5_000;

await inTemporaryFolder(async (folder, signal) => {
  const app = join(folder, 'app');
  await mkdir(app);
  const { tarball } = await pack(folder, signal);
  const versions = appVersions({ tarball, lowestPeers: process.argv.includes('--lowest-peers') });
  await writeBlankApp(app, readReadmeApp(join(ROOT, 'README.md')), versions);

  const options = { cwd: app, env: cleanEnvironment(), signal };
  console.log(
    `Installing ${Object.entries(versions.dependencies)
      .map((one) => one.join(' '))
      .join(', ')} …`,
  );
  await runCommand('npm', ['install', '--strict-peer-deps', '--no-audit', '--no-fund'], {
    ...options,
    timeoutMs: 300_000,
  });
  console.log('Compiling the example of the README …');
  await runCommand(NODE, ['node_modules/typescript/bin/tsc'], { ...options, timeoutMs: 120_000 });
  await runCommand('npm', ['prune', '--omit=dev', '--no-audit', '--no-fund'], { ...options, timeoutMs: 120_000 });

  console.log('Serving it …');
  const served = await ServedApp.start(app, signal);
  try {
    const answer = await served.post('/price', signal);
    if (answer.status !== EXPECTED.status || answer.text !== EXPECTED.text) {
      throw new Error(`POST /price answered ${answer.status} ${answer.text}, not ${EXPECTED.status} ${EXPECTED.text}`);
    }
    await served.stop(signal);
  } finally {
    await served.kill();
    await expectNoProcessOf(folder);
  }
  console.log(`The package works: POST /price answered ${EXPECTED.text}, SIGTERM ended it, nothing is left.`);
});

/** The kernel takes a moment to end what it ends with the application. */
async function expectNoProcessOf(folder) {
  const endMs = Date.now() + ENDING_MS;
  for (;;) {
    const left = await processesOf(folder);
    if (left.length === 0) return;
    if (Date.now() > endMs) throw new Error(`Processes of the application are left:\n${left.join('\n')}`);
    await setTimeout(50);
  }
}

import { cleanEnvironment } from './clean-environment.mjs';
import { problemsOfContents } from './contents.mjs';
import { inTemporaryFolder } from './in-temporary-folder.mjs';
import { pack } from './pack.mjs';
import { binOf } from './paths.mjs';
import { runCommand } from './run-command.mjs';

/*
 * Is the package as a package should be? Packs the library, and looks at what is in it, whether it depends on what it imports,
 * whether its types resolve (attw; to ES modules only, as it is one), and what publint thinks.
 */

await inTemporaryFolder(async (folder, signal) => {
  const { tarball, files } = await pack(folder, signal);
  const problems = problemsOfContents(files);
  if (problems.length > 0)
    throw new Error(`The package is not complete, or says the wrong thing:\n${problems.join('\n')}`);
  const options = { cwd: folder, env: cleanEnvironment(), signal, timeoutMs: 60_000 };
  await runCommand(binOf('attw'), [tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-color'], options);
  await runCommand(binOf('publint'), [tarball, '--strict'], options);
  console.log('The package is complete; attw and publint find nothing.');
});

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SandboxArguments } from '../sandbox/main.ts';

export interface ChildCommand {
  readonly file: string;
  readonly args: readonly string[];
}

export interface ChildOptions {
  readonly maxMemoryMb: number;
  readonly stackSizeKb: number;
}

/** `.ts` when this file runs from source, `.js` in a build: the child is started from the same kind. */
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const libraryRoot = fileURLToPath(new URL('..', import.meta.url));

/**
 * The command line of a VM process. Node's permission model lets it read its own code and the addon's one file, and
 * nothing else: no other file, no child processes, no workers, no network.
 * https://nodejs.org/api/permissions.html#permission-model
 */
export function childCommand(options: ChildOptions): ChildCommand {
  const addonPath = resolveAddon();
  const sandboxArguments: SandboxArguments = { addonPath, maxMemoryMb: options.maxMemoryMb };
  const readable = [join(libraryRoot, 'sandbox'), join(libraryRoot, 'protocol'), addonPath];
  const node = [
    // isolated-vm's isolates must not share a process with Node's own snapshot: https://github.com/laverdet/isolated-vm/issues/420
    '--no-node-snapshot',
    // Contexts are young garbage: in MB, the size at which making and collecting them took least (of 1, 2, 4, 8 and V8's own).
    '--max-semi-space-size=2',
    // Or V8 keeps the pages of an isolate that is gone for the next one, and an idle process as large as its largest script was.
    '--no-memory-pool-share-memory-on-teardown',
    `--stack-size=${options.stackSizeKb}`,
    '--permission',
    '--allow-addons',
    ...readable.map((path) => `--allow-fs-read=${path}`),
    join(libraryRoot, 'sandbox', `main.${extension}`),
    JSON.stringify(sandboxArguments),
  ];
  return dieWithParent(process.execPath, node);
}

/**
 * A script in an uninterruptible built-in keeps its process from noticing that the pipe closed, so the kernel is asked
 * to kill it when the backend dies (PR_SET_PDEATHSIG through util-linux's setpriv). Where there is no setpriv, such a
 * process lives until the built-in returns; all others still end with the pipe.
 */
function dieWithParent(file: string, args: readonly string[]): ChildCommand {
  setpriv ??= process.platform === 'linux' ? findSetpriv() : '';
  return setpriv === '' ? { file, args } : { file: setpriv, args: [...DEATH_SIGNAL, file, ...args] };
}

const DEATH_SIGNAL = ['--pdeathsig', 'KILL'];
/** Path of a setpriv that can do it; empty when there is none, undefined while nobody has looked. */
let setpriv: string | undefined;

/** Busybox has a setpriv too, which does not know the option: so it is tried. */
function findSetpriv(): string {
  const works = (path: string): boolean =>
    spawnSync(path, [...DEATH_SIGNAL, path, '--version'], { stdio: 'ignore' }).status === 0;
  return ['/usr/bin/setpriv', '/bin/setpriv'].find(works) ?? '';
}

/** Finds isolated-vm's prebuilt binary without loading it: the backend never has the addon in its own process. */
function resolveAddon(): string {
  const require = createRequire(import.meta.url);
  const packageDirectory = dirname(require.resolve('isolated-vm/package.json'));
  const nodeGypBuild = createRequire(join(packageDirectory, 'package.json'))('node-gyp-build') as {
    path(directory: string): string;
  };
  return nodeGypBuild.path(packageDirectory);
}

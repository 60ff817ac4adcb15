import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ApiHeader } from '../protocol/messages.ts';
import type { SandboxArguments } from '../sandbox/main.ts';
import { limitedFromStart } from './kernel-limits.ts';
import { v8FlagsOf, type V8Options } from './v8-flags.ts';

export interface ChildCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** Memory for its scripts, by which the kernel limits it once it is ready; without, it has no such limit. */
  readonly maxMemoryMb?: number;
  /** How many invocations of warm realms may be under way in it at a time. Default one. */
  readonly maxOverlap?: number;
}

export interface ChildOptions extends V8Options {
  readonly maxMemoryMb: number;
  /** How many invocations of warm realms may be under way in it at a time. Default one. */
  readonly maxOverlap?: number | undefined;
  /** Host APIs that every script in it may call. Default none. */
  readonly apis?: readonly ApiHeader[] | undefined;
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
  const { maxMemoryMb, maxOverlap = 1, apis = [] } = options;
  const sandboxArguments: SandboxArguments = { addonPath, maxMemoryMb, maxOverlap, apis };
  // With the last one it sees how much memory it has itself.
  const readable = [join(libraryRoot, 'sandbox'), join(libraryRoot, 'protocol'), addonPath, '/proc/self/statm'];
  const node = [
    // isolated-vm's isolates must not share a process with Node's own snapshot: https://github.com/laverdet/isolated-vm/issues/420
    '--no-node-snapshot',
    ...v8FlagsOf(options),
    '--permission',
    '--allow-addons',
    // Whoever may signal this process could make it listen for a debugger.
    '--disable-sigusr1',
    // The permission model does not know what SQL opens: ATTACH and VACUUM INTO write any file.
    '--no-experimental-sqlite',
    ...readable.map((path) => `--allow-fs-read=${path}`),
    join(libraryRoot, 'sandbox', `main.${extension}`),
    JSON.stringify(sandboxArguments),
  ];
  const [file = '', ...args] = [...confined(), process.execPath, ...node];
  return { file, args, maxMemoryMb, maxOverlap };
}

/** What goes before the command line of a VM process, as far as this system has it. */
function confined(): readonly string[] {
  return (confinement ??= process.platform === 'linux' ? findConfinement() : []);
}

let confinement: readonly string[] | undefined;

function findConfinement(): readonly string[] {
  const setpriv = findSetpriv();
  return [...setpriv, ...findChrt(setpriv), ...limitedFromStart()];
}

/**
 * A script in an uninterruptible built-in keeps its process from noticing that the pipe closed, so the kernel is asked
 * to kill it when the backend dies (PR_SET_PDEATHSIG through util-linux's setpriv). Where there is no setpriv, such a
 * process lives until the built-in returns; all others still end with the pipe.
 */
const DEATH_SIGNAL = ['--pdeathsig', 'KILL'];
/** No program that it starts, if it gets to start one, can have more rights than it has itself. */
const NO_NEW_PRIVILEGES = ['--no-new-privs'];
/** A backend that is root keeps what root can do to itself. For any other user there is nothing to take. */
const NO_CAPABILITIES = ['--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all'];

/**
 * A setpriv, with as many of the options as it can do here: Busybox's knows other options, root in a container may not drop
 * capabilities, and without them it may not read files of other users. So each is tried, on the files that matter.
 */
function findSetpriv(): readonly string[] {
  const files = [join(libraryRoot, 'sandbox', `main.${extension}`), resolveAddon(), process.execPath];
  const readsAll = files.map((file) => `test -r '${file.replaceAll("'", String.raw`'\''`)}'`).join(' && ');
  const works = ([path = '', ...options]: readonly string[]): boolean =>
    spawnSync(path, [...options, '/bin/sh', '-c', readsAll], { stdio: 'ignore' }).status === 0;
  return (
    ['/usr/bin/setpriv', '/bin/setpriv']
      .flatMap((path) => [
        [path, ...DEATH_SIGNAL, ...NO_NEW_PRIVILEGES, ...NO_CAPABILITIES],
        [path, ...DEATH_SIGNAL, ...NO_NEW_PRIVILEGES],
        [path, ...DEATH_SIGNAL],
      ])
      .find(works) ?? []
  );
}

/**
 * The kernel lets a process that was just woken go first, and each request wakes a VM: the backend, which has others to send and to
 * answer, would wait for it. One of SCHED_BATCH has its share of the CPUs as any other, and lets go on who is at it.
 * https://man7.org/linux/man-pages/man7/sched.7.html, docs/adr/0007-cpu-fairness.md
 */
function findChrt(before: readonly string[]): readonly string[] {
  // Without the rights that are taken from it before, it may not: not from SCHED_IDLE, for one.
  const works = (chrt: string): boolean => {
    const [file, ...args] = [...before, chrt, '-b', '0', '/bin/sh', '-c', ':'];
    return spawnSync(file, args, { stdio: 'ignore' }).status === 0;
  };
  const path = ['/usr/bin/chrt', '/bin/chrt'].find(works);
  return path === undefined ? [] : [path, '-b', '0'];
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

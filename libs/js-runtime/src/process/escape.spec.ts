import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DENIED, DENIED_BY_KERNEL, NOT_DENIED } from '../../test-support/escape/attempts.ts';
import type { Achievements } from '../../test-support/escape/escaped-vm.ts';
import { KIB, LONG_MS, request, useVmProcesses } from '../../test-support/use-vm-processes.ts';
import { childCommand, type ChildCommand } from './child-command.ts';

/*
 * "The isolate was broken out of": a VM process in every respect, but for its code, which tries to get further. To try
 * something else, add a line to attempts.ts.
 */

const { start } = useVmProcesses();
const escapeDirectory = fileURLToPath(new URL('../../test-support/escape', import.meta.url));
const inSystemWithLimits = existsSync('/usr/bin/prlimit') && existsSync('/usr/bin/setpriv') ? describe : describe.skip;

/** What is denied otherwise than by the permission model. */
const CODES: Readonly<Record<string, string>> = {
  'use a database, in any file': 'ERR_UNKNOWN_BUILTIN_MODULE',
};

/** What no VM process can, with the permission model or without: it has no capabilities, and no environment. */
const UNPROVED = ["have the backend's environment", "read the backend's environment", "open the backend's memory"];

const escaped = escapedCommand();
const unprotected: ChildCommand = {
  file: escaped.file,
  args: escaped.args.filter((arg) => !/^--(permission|allow-.*|no-experimental-sqlite)(=|$)/.test(arg)),
};

/** The command line of a VM process, with other code, which it may read. */
function escapedCommand(): ChildCommand {
  const command = childCommand({ maxMemoryMb: 16, stackSizeKb: 984 });
  const args = command.args.map((arg) =>
    arg.endsWith(join('sandbox', 'main.ts')) ? join(escapeDirectory, 'escaped-vm.ts') : arg,
  );
  args.splice(args.indexOf('--permission'), 0, `--allow-fs-read=${escapeDirectory}`);
  return { ...command, args };
}

async function achievementsOf(command: ChildCommand): Promise<Achievements> {
  const vm = await start({ command });
  const { resultJson } = await vm.run(request('', { timeoutMs: 5 * LONG_MS, maxResultBytes: 64 * KIB }));
  return JSON.parse(resultJson) as Achievements;
}

describe('Code that has broken out of the isolate', () => {
  it('is denied everything that it tries', async () => {
    const achievements = await achievementsOf(escaped);
    const names = Object.keys(DENIED);
    const expected = names.map((name) => [name, CODES[name] ?? 'ERR_ACCESS_DENIED']);
    expect(names.map((name) => [name, achievements[name]])).toEqual(expected);
  });

  it('tries what works in a process that may do everything', async () => {
    const achievements = await achievementsOf(unprotected);
    const names = Object.keys(DENIED).filter((name) => !UNPROVED.includes(name));
    expect(names.filter((name) => achievements[name] !== 'achieved')).toEqual([]);
  });

  it('has what SECURITY.md says that it has', async () => {
    const achievements = await achievementsOf(escaped);
    expect(Object.keys(NOT_DENIED).filter((name) => achievements[name] !== 'achieved')).toEqual([]);
  });
});

inSystemWithLimits('Code that has broken out of the isolate, where the kernel knows limits', () => {
  it('is denied by the kernel what Node would not deny', async () => {
    const achievements = await achievementsOf(escaped);
    expect(Object.keys(DENIED_BY_KERNEL).filter((name) => achievements[name] === 'achieved')).toEqual([]);
  });

  it('tries what works in a process without limits', async () => {
    const achievements = await achievementsOf(unprotected);
    expect(achievements).toMatchObject({ 'load another library': 'achieved', 'use a lot of memory': 'achieved' });
  });
});

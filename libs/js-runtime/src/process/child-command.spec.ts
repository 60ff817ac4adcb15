import { existsSync, realpathSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childCommand } from './child-command.ts';

const libraryRoot = fileURLToPath(new URL('..', import.meta.url));
const apis = [{ name: 'kv.get', cost: 1, body: false }];
const commandLine = childCommand({ maxMemoryMb: 32, stackSizeKb: 500, apis });
/** Node's own flags, its entry file and that file's only argument: all that comes after the path of Node. */
const node = commandLine.args.slice(
  commandLine.file === process.execPath ? 0 : commandLine.args.indexOf(process.execPath) + 1,
);
const entryIndex = node.findIndex((arg) => !arg.startsWith('-'));
const flags = node.slice(0, entryIndex);
const [entry = '', sandboxArguments = '', ...rest] = node.slice(entryIndex);
/** What comes before Node. */
const before = [commandLine.file, ...commandLine.args].slice(0, -(node.length + 1));
const readable = flags.filter((flag) => flag.startsWith('--allow-fs-read=')).map((flag) => flag.slice(16));

describe('childCommand', () => {
  it('starts this very Node', () => {
    expect([commandLine.file, ...commandLine.args]).toContain(process.execPath);
  });

  it('gives up its rights and asks the kernel to kill it together with this process, where setpriv is there', () => {
    const noCapabilities = ['--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all'];
    const setpriv = ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--no-new-privs', ...noCapabilities];
    expect(before.slice(0, setpriv.length)).toEqual(existsSync('/usr/bin/setpriv') ? setpriv : before);
  });

  it('has no core dumps and small stacks from the start, where prlimit is there', () => {
    const limits = ['/usr/bin/prlimit', '--core=0:0', '--stack=2097152:'];
    expect(before.slice(-3)).toEqual(existsSync('/usr/bin/prlimit') ? limits : []);
  });

  it('does not go before the backend when it is woken, where chrt is there', () => {
    const batch = ['/usr/bin/chrt', '-b', '0'];
    const at = before.indexOf('/usr/bin/chrt');
    expect(at < 0 ? [] : before.slice(at, at + batch.length)).toEqual(existsSync('/usr/bin/chrt') ? batch : []);
  });

  it('turns the permission model on', () => {
    expect(flags).toContain('--permission');
  });

  it('allows addons and the reading of four places, and nothing else', () => {
    const allowed = flags.filter((flag) => flag.startsWith('--allow-')).map((flag) => flag.split('=')[0]);
    expect(allowed).toEqual(['--allow-addons', ...new Array<string>(4).fill('--allow-fs-read')]);
    expect(readable[3]).toBe('/proc/self/statm');
  });

  it.each(['--allow-fs-write', '--allow-child-process', '--allow-worker', '--allow-net', '--allow-wasi', '--inspect'])(
    'never has %s',
    (flag) => {
      expect(commandLine.args.filter((arg) => arg.startsWith(flag))).toEqual([]);
    },
  );

  it('makes the code of the process readable, and the one file of the addon', () => {
    const [sandbox, protocol, addon = ''] = readable;
    expect([sandbox, protocol]).toEqual([join(libraryRoot, 'sandbox'), join(libraryRoot, 'protocol')]);
    expect(addon).toMatch(/\.node$/);
    for (const path of readable) {
      expect(isAbsolute(path)).toBe(true);
      expect(existsSync(path)).toBe(true);
      expect(path).not.toContain('*');
    }
  });

  it('tells the process where the addon is, how much memory it has and what scripts may call', () => {
    expect(JSON.parse(sandboxArguments)).toEqual({ addonPath: readable[2], maxMemoryMb: 32, maxOverlap: 1, apis });
    expect(rest).toEqual([]);
  });

  it('starts the process from source when this library runs from source', () => {
    expect(entry).toBe(join(libraryRoot, 'sandbox', 'main.ts'));
  });

  it('limits the stack as configured', () => {
    expect(flags).toContain('--stack-size=500');
  });

  it('keeps young garbage small, and leaves the rest of the garbage collection to V8', () => {
    const ofGarbage = flags.filter((flag) =>
      /gc|semi|space|heap|generation|compact|scaveng|marking|parallel/.test(flag),
    );
    expect(ofGarbage).toEqual(['--max-semi-space-size=2']);
  });

  it('has no other flags', () => {
    const names = flags.map((flag) => flag.split('=')[0]);
    expect(new Set(names)).toEqual(
      new Set([
        '--no-node-snapshot',
        '--max-semi-space-size',
        '--stack-size',
        '--permission',
        '--allow-addons',
        '--allow-fs-read',
        '--v8-pool-size',
        '--no-concurrent-recompilation',
        '--no-js-source-phase-imports',
        '--disable-sigusr1',
        '--no-experimental-sqlite',
      ]),
    );
  });

  it('does not load isolated-vm into this process', () => {
    const addonFile = basename(realpathSync(readable[2] ?? ''));
    const { sharedObjects } = process.report.getReport() as { sharedObjects: string[] };
    expect(sharedObjects).not.toEqual([]);
    expect(sharedObjects.filter((path) => path.includes('isolated-vm') || basename(path) === addonFile)).toEqual([]);
  });
});

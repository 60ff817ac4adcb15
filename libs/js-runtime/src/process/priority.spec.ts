import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { constants, getPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { threadsOf } from './cpu-times.ts';
import { canRaisePriorities, setProcessPriority } from './priority.ts';

const isLinux = process.platform === 'linux';
const onLinux = isLinux ? describe : describe.skip;
const isRoot = process.getuid?.() === 0;
const asRoot = isRoot ? describe : describe.skip;
const SETPRIV = '/usr/bin/setpriv';
/** Others than root have no such right to begin with. */
const WITHOUT_RIGHTS = isRoot
  ? [SETPRIV, '--bounding-set=-sys_nice,-sys_admin', '--inh-caps=-sys_nice,-sys_admin', process.execPath]
  : [process.execPath];
const withoutRights = isLinux && (!isRoot || existsSync(SETPRIV)) ? describe : describe.skip;

const children: ChildProcess[] = [];

/** Starts a Node in a session of its own, with its helper threads and one worker. */
async function startNode(): Promise<number> {
  const worker = `new (require('node:worker_threads').Worker)('setInterval(() => {}, 1000)', { eval: true })`;
  const program = `${worker}.on('online', () => process.stdout.write('.'))`;
  const child = spawn(process.execPath, ['-e', program], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  return child.pid ?? 0;
}

function nicesOf(pid: number): number[] {
  return [...new Set(threadsOf(pid).map((tid) => getPriority(tid)))];
}

/** The nice value of the session, where sessions are scheduled as groups. */
function sessionNiceOf(pid: number | 'self'): string | undefined {
  const file = `/proc/${pid}/autogroup`;
  return existsSync(file) ? / nice (-?\d+)/.exec(readFileSync(file, 'latin1'))?.[1] : undefined;
}

async function endAll(): Promise<void> {
  for (const child of children.splice(0)) {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}

afterEach(endAll);

describe('setProcessPriority', () => {
  it('lowers a process', async () => {
    const pid = await startNode();
    while (!setProcessPriority(pid, constants.priority.PRIORITY_LOW)) await new Promise(setImmediate);
    expect(getPriority(pid)).toBe(19);
  });

  it('says so when the process is gone', async () => {
    const pid = await startNode();
    await endAll();
    expect(setProcessPriority(pid, 19)).toBe(false);
  });
});

onLinux('setProcessPriority on Linux', () => {
  it('lowers all threads of the process and its session, and no other', async () => {
    const pid = await startNode();
    const own = [nicesOf(process.pid), sessionNiceOf('self')];
    expect(nicesOf(pid)).toEqual([0]);
    while (!setProcessPriority(pid, 7)) await new Promise(setImmediate);
    expect(threadsOf(pid).length).toBeGreaterThan(2);
    expect(nicesOf(pid)).toEqual([7]);
    expect([undefined, '7']).toContain(sessionNiceOf(pid));
    expect([nicesOf(process.pid), sessionNiceOf('self')]).toEqual(own);
  });
});

asRoot('setProcessPriority as root', () => {
  it('says that it can restore', () => {
    expect(canRaisePriorities()).toBe(true);
  });

  it('restores all of it', async () => {
    const pid = await startNode();
    expect(setProcessPriority(pid, 19)).toBe(true);
    expect(setProcessPriority(pid, 0)).toBe(true);
    expect(nicesOf(pid)).toEqual([0]);
    expect([undefined, '0']).toContain(sessionNiceOf(pid));
  });
});

withoutRights('setProcessPriority without any rights', () => {
  it('lowers, and says that it cannot restore', async () => {
    const [file = '', ...args] = WITHOUT_RIGHTS;
    const program = fileURLToPath(new URL('../../test-support/lower-own-child.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(file, [...args, program]);
    expect(JSON.parse(stdout)).toEqual({ lowered: true, raised: false, canRaise: false });
  });
});

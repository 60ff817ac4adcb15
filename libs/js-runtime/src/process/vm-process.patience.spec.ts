import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FakeAction } from '../../test-support/fake-vm.ts';
import { expectGone, fake, LONG_MS, READY, useVmProcesses } from '../../test-support/use-vm-processes.ts';
import { readCpuTimes } from './cpu-times.ts';
import type { VmProcess } from './vm-process.ts';

const { start, startFake } = useVmProcesses();

const done: FakeAction = { answer: { type: 'done' } };
const recycled: FakeAction = { answer: { type: 'recycled', replaced: false } };
/** A time that passes in a test. */
const SHORT_MS = 20;

const TASKSET = '/usr/bin/taskset';
const describeStarving = existsSync(TASKSET) ? describe : describe.skip;
const burners: ChildProcess[] = [];
let directory = '';

/** Does nothing else until this is true, as code does that blocks the event loop. */
function block(until: () => boolean): void {
  while (!until());
}

function blockFor(ms: number): void {
  const end = performance.now() + ms;
  block(() => performance.now() > end);
}

/** Lets the event loop go all the way round: what has arrived is read. */
async function readAll(): Promise<void> {
  await new Promise(setImmediate);
  await new Promise(setImmediate);
}

/** Asks again and again, as a tick does. */
async function untilOverdue(vm: VmProcess, timeoutMs: number): Promise<void> {
  while (!vm.recyclingOverdue(timeoutMs)) await readAll();
}

/** The command line prefix that pins a process to one CPU, always the same. */
function onOneCpu(): string[] {
  const [, cpu = '0'] = /Cpus_allowed_list:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
  return ['-c', cpu];
}

/** Keeps that CPU busy with processes that all get the same share of it. */
async function burn(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const program = `process.stdout.write('.'); setTimeout(() => { for (;;); })`;
    const args = [...onOneCpu(), process.execPath, '-e', program];
    const burner = spawn(TASKSET, args, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    burners.push(burner);
    await new Promise((resolve) => burner.stdout.once('data', resolve));
  }
}

/** Starts a fake on the busy CPU. */
async function startStarving(...onRequests: readonly (readonly FakeAction[])[]): Promise<VmProcess> {
  const { file, args } = fake({ atStart: [READY], onRequests });
  return start({ command: { file: TASKSET, args: [...onOneCpu(), file, ...args] } });
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'patience-'));
});

afterEach(() => {
  for (const burner of burners.splice(0)) burner.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

describe('VmProcess.check', () => {
  it.each<[string, readonly FakeAction[]]>([
    ['sleeps', []],
    ['is busy with something else', [{ useCpuMs: LONG_MS }]],
  ])('ends a VM that %s', async (_, actions) => {
    const vm = await startFake(actions);
    await expectGone(vm.check(SHORT_MS), 'unhealthy');
    expect(await vm.exited).toMatchObject({ reason: 'unhealthy', signal: 'SIGKILL' });
  });

  it('ends a VM that was stopped: that is no wait for a CPU', async () => {
    const vm = await start();
    process.kill(vm.pid, 'SIGSTOP');
    await expectGone(vm.check(SHORT_MS), 'unhealthy');
  });

  it('takes an answer that lay unread while this process was busy', async () => {
    const sent = join(directory, 'sent');
    const vm = await startFake([done, { touch: sent }]);
    const check = vm.check(SHORT_MS);
    block(() => existsSync(sent));
    blockFor(SHORT_MS);
    await check;
    await readAll();
    expect(vm.alive).toBe(true);
  });
});

describe('VmProcess.recyclingOverdue', () => {
  it('is false of a VM that has recycled, that is at work, and that has ended', async () => {
    const vm = await startFake([done, recycled]);
    expect(vm.recyclingOverdue(0)).toBe(false);
    const hasRecycled = new Promise<void>((resolve) => {
      vm.onRecycled = resolve;
    });
    await vm.check(LONG_MS);
    await hasRecycled;
    expect(vm.recyclingOverdue(0)).toBe(false);
    const work = vm.check(LONG_MS);
    for (let turn = 0; turn < 5; turn++) {
      expect(vm.recyclingOverdue(0)).toBe(false);
      await readAll();
    }
    vm.kill('age');
    await expectGone(work, 'age');
    expect(vm.recyclingOverdue(0)).toBe(false);
  });

  it.each<[string, readonly FakeAction[]]>([
    ['never recycles', [done]],
    ['is busy instead', [done, { useCpuMs: LONG_MS }]],
  ])('becomes true of a VM that %s', async (_, actions) => {
    const vm = await startFake(actions);
    await vm.check(LONG_MS);
    await untilOverdue(vm, SHORT_MS);
    expect(vm.alive).toBe(true);
  });

  it('gives each request its own time', async () => {
    const vm = await startFake([done], [done]);
    await vm.check(LONG_MS);
    await untilOverdue(vm, SHORT_MS);
    await vm.check(LONG_MS);
    expect(vm.recyclingOverdue(SHORT_MS)).toBe(false);
    await untilOverdue(vm, SHORT_MS);
  });

  it('becomes true of a VM that was stopped', async () => {
    const vm = await startFake([done]);
    await vm.check(LONG_MS);
    process.kill(vm.pid, 'SIGSTOP');
    await untilOverdue(vm, SHORT_MS);
    expect(vm.alive).toBe(true);
  });

  it('stays false when it was this process that was busy', async () => {
    const [mayGoOn, sent] = [join(directory, 'may-go-on'), join(directory, 'sent')];
    const vm = await startFake([done, { waitFor: mayGoOn }, recycled, { touch: sent }]);
    await vm.check(LONG_MS);
    expect(vm.recyclingOverdue(SHORT_MS)).toBe(false);
    writeFileSync(mayGoOn, '');
    block(() => existsSync(sent));
    blockFor(SHORT_MS);
    expect(vm.recycled).toBe(false);
    expect([vm.recyclingOverdue(SHORT_MS), vm.recyclingOverdue(SHORT_MS)]).toEqual([false, false]);
    await readAll();
    expect(vm.recycled).toBe(true);
  });
});

describeStarving('VmProcess on a CPU that others keep busy', () => {
  it('is not ended by a check for its waits', async () => {
    const timeoutMs = 400;
    await burn(3);
    const vm = await startStarving([{ useCpuMs: timeoutMs / 2 }, done]);
    const before = readCpuTimes(vm.pid);
    await vm.check(timeoutMs);
    const after = readCpuTimes(vm.pid);
    // It waited so long that it would not be alive otherwise.
    expect((after?.waitedMs ?? 0) - (before?.waitedMs ?? 0)).toBeGreaterThan(timeoutMs);
    expect(vm.alive).toBe(true);
  });

  it('is not ended by a check for a wait that still lasts', async () => {
    await burn(3);
    const vm = await startStarving([{ useCpuMs: 10 }, done]);
    // From now on it runs for some milliseconds, and then waits for longer than the check may take.
    while (!vm.setPriority(10)) await readAll();
    await vm.check(30);
    expect(vm.alive).toBe(true);
  });

  it('is not overdue for its waits', async () => {
    const timeoutMs = 400;
    await burn(3);
    const vm = await startStarving([done, { useCpuMs: timeoutMs / 2 }, recycled]);
    await vm.check(LONG_MS);
    const before = readCpuTimes(vm.pid);
    while (!vm.recycled) {
      expect(vm.recyclingOverdue(timeoutMs)).toBe(false);
      await new Promise((resolve) => setTimeout(resolve, SHORT_MS));
    }
    const after = readCpuTimes(vm.pid);
    expect((after?.waitedMs ?? 0) - (before?.waitedMs ?? 0)).toBeGreaterThan(timeoutMs);
  });
});

describe('VmProcess.cpuMs and setPriority', () => {
  it('are of the process, and nothing when it is gone', async () => {
    const vm = await start();
    // It may be on a CPU still, or again: its times are between those of just before and just after.
    const [before, cpuMs, after] = [readCpuTimes(vm.pid), vm.cpuMs(), readCpuTimes(vm.pid)];
    expect(cpuMs).toBeGreaterThanOrEqual(before?.ranMs ?? Infinity);
    expect(cpuMs).toBeLessThanOrEqual(after?.ranMs ?? 0);
    while (!vm.setPriority(19)) await readAll();
    vm.kill('lowered');
    expect(vm.cpuMs()).toBeUndefined();
    expect(vm.setPriority(19)).toBe(false);
    await vm.exited;
    expect(vm.setPriority(19)).toBe(false);
  });
});

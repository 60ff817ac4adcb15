import { setTimeout as sleep } from 'node:timers/promises';
import { MEMORY_ALLOWANCE_MB } from '../protocol/messages.ts';
import { expectGone, LONG_MS, request, useVmProcesses } from '../../test-support/use-vm-processes.ts';
import type { FakeAction } from '../../test-support/fake-vm.ts';
import { childCommand } from './child-command.ts';
import type { VmGoneError } from './vm-gone.error.ts';
import type { RunReply } from './vm-request.ts';
import type { VmProcess } from './vm-process.ts';

const MIB = 1024 * 1024;
const { start, startFake } = useVmProcesses();

const ran = { type: 'ran', outcome: { kind: 'undefined' }, refused: [], logs: [], cpuMs: 0, heapBytes: 0 };

/** Looks at a VM while it works, as the pool does. */
async function watch<T>(vm: VmProcess, work: Promise<T>): Promise<T> {
  const timer = setInterval(() => {
    vm.enforceLimits();
  }, 5);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

async function goneOf(work: Promise<unknown>): Promise<VmGoneError> {
  return work.then(
    () => {
      throw new Error('it is not gone');
    },
    (error: unknown) => error as VmGoneError,
  );
}

/** Runs something and waits until the VM has recycled. */
async function runAndRecycle(vm: VmProcess, run = request('1')): Promise<void> {
  const hasRecycled = new Promise<void>((resolve) => {
    vm.onRecycled = resolve;
  });
  await vm.run(run);
  await hasRecycled;
}

/** The kind of a run's outcome, or why the VM is gone. */
async function outcomeOf(run: Promise<RunReply>): Promise<string> {
  return run.then(
    ({ outcome }) => outcome.kind,
    (error: unknown) => (error as VmGoneError).reason,
  );
}

describe('VmProcess', () => {
  it('is ended when its request has used more CPU than it may, and tells how much', async () => {
    const vm = await start();
    const error = await goneOf(watch(vm, vm.run(request('for (;;);', { maxCpuMs: 100 }))));
    expect(error.reason).toBe('cpu');
    expect(error.used?.cpuMs).toBeGreaterThan(100);
  });

  it('may sleep for much longer than it may use CPU', async () => {
    const vm = await start();
    const source = 'new Promise((resolve) => setTimeout(resolve, 300, "slept"))';
    const reply = await watch(vm, vm.run(request(source, { maxCpuMs: 100 })));
    expect(reply.resultJson).toBe('"slept"');
    expect(reply.cpuMs).toBeLessThan(100);
  });

  it.each([
    [
      'the heap does not count',
      'const b = new ArrayBuffer(8, { maxByteLength: 2 ** 30 }); b.resize(2 ** 30); new Uint8Array(b).fill(1); for (;;);',
    ],
    ['isolated-vm does not bound', 'const a = []; for (;;) a.push(new Intl.NumberFormat("de"));'],
  ])('is ended when it uses more memory than it may, of a kind that %s', async (_, source) => {
    // Without the kernel's limits, which may be faster.
    const { maxMemoryMb, ...command } = childCommand({ maxMemoryMb: 16, stackSizeKb: 984 });
    expect(maxMemoryMb).toBe(16);
    const vm = await start({ command });
    const error = await goneOf(watch(vm, vm.run(request(source))));
    expect(error.reason).toBe('memory');
    expect(error.used?.peakMemoryBytes).toBeGreaterThan((16 + MEMORY_ALLOWANCE_MB) * MIB);
  });

  it('is left alone when a request is within its limits, and between requests', async () => {
    const vm = await start();
    vm.enforceLimits();
    await watch(vm, vm.run(request('1', { maxCpuMs: 1000 })));
    vm.enforceLimits();
    expect(vm.alive).toBe(true);
  });

  it('tells what a request had used that was cancelled, or whose process died', async () => {
    const vm = await start();
    const gone = goneOf(vm.run(request('for (;;);')));
    const before = vm.cpuMs() ?? Infinity;
    while ((vm.cpuMs() ?? 0) < before + 20) await sleep(5);
    vm.kill('cancelled');
    expect((await gone).used?.cpuMs).toBeGreaterThan(15);
  });

  it('does not count what it does to recycle', async () => {
    const recycled: FakeAction = { answer: { type: 'recycled', replaced: false } };
    const vm = await startFake([{ answer: ran }, { useCpuMs: 200 }, recycled], [{ answer: ran }]);
    await vm.run(request('1'));
    const { cpuMs } = await vm.run(request('1', { maxCpuMs: 100 }));
    expect(cpuMs).toBeLessThan(100);
  });

  it('knows when it keeps too much memory of its requests', async () => {
    const recycled: FakeAction = { answer: { type: 'recycled', replaced: true } };
    const vm = await startFake([{ answer: ran }, recycled], [{ useMemoryMb: 64 }, { answer: ran }, recycled]);
    await runAndRecycle(vm);
    expect(vm.keepsTooMuch).toBe(false);
    await runAndRecycle(vm);
    expect(vm.keepsTooMuch).toBe(true);
  });

  it('may keep more where it has warm realms', async () => {
    const recycled: FakeAction = { answer: { type: 'recycled', replaced: false } };
    const keep = (useMemoryMb: number): FakeAction[] => [{ useMemoryMb }, { answer: ran }, recycled];
    const vm = await startFake(keep(48), keep(40));
    const run = request('1', { maxMemoryMb: 64 });
    await runAndRecycle(vm, { ...run, keepAs: { key: 'key', tenantId: 'acme' } });
    expect(vm.keepsTooMuch).toBe(false);
    await runAndRecycle(vm, run);
    expect(vm.keepsTooMuch).toBe(true);
  });

  it('gives back what a script has left behind in memory', async () => {
    const vm = await start();
    const source =
      'globalThis.b = new ArrayBuffer(8, { maxByteLength: 2 ** 25 }); b.resize(2 ** 25); new Uint8Array(b).fill(1); 1';
    await vm.run(request(source));
    const { peakMemoryBytes } = await vm.run(request('1'));
    expect(peakMemoryBytes).toBeLessThan(16 * MIB);
    expect(vm.keepsTooMuch).toBe(false);
  });

  it('holds a script for requests with the memory limit of its isolate, until that is replaced', async () => {
    const vm = await start();
    const run = request('1');
    const holds = (maxMemoryMb: number): boolean => vm.held(run.script.key, maxMemoryMb) !== undefined;
    await vm.run(run);
    expect([holds(16), holds(32)]).toEqual([true, false]);
    await vm.run(request('2', { maxMemoryMb: 32 }));
    expect([holds(16), holds(32)]).toEqual([false, false]);
    await runAndRecycle(vm, run);
    await runAndRecycle(vm, request('for (;;);', { timeoutMs: 10 }));
    expect(holds(16)).toBe(false);
  });

  it('gives an isolate the heap that the request may have', async () => {
    const vm = await start();
    const source = 'const a = []; for (let i = 0; i < 600_000; i++) a.push({ i, text: `x${i}` }); a.length';
    await expect(outcomeOf(vm.run(request(source)))).resolves.toMatch(/^(memory|out-of-memory)$/);
    const other = await start();
    expect((await other.run(request(source, { maxMemoryMb: 64 }))).resultJson).toBe('600000');
  });

  it('passes on a violation with what was used until then', async () => {
    const vm = await startFake([{ answer: ran, attachments: ['x'.repeat(2048)] }]);
    await expectGone(vm.run(request('1', { timeoutMs: LONG_MS })), 'protocol');
  });
});

describe('VmProcess where nobody can look at it from outside', () => {
  it('stops a script itself that uses too much CPU, not one that waits', async () => {
    const vm = await start({ metersOutside: false });
    const waiting = 'new Promise((resolve) => setTimeout(resolve, 1500, "slept"))';
    expect((await vm.run(request(waiting, { maxCpuMs: 500 }))).resultJson).toBe('"slept"');
    const reply = await vm.run(request('console.log("here"); for (;;);', { maxCpuMs: 500 }));
    expect(reply).toMatchObject({ outcome: { kind: 'out-of-cpu' }, logs: [{ level: 'log', message: 'here' }] });
    expect(reply.cpuMs).toBeGreaterThan(0);
    expect((await vm.run(request('1'))).resultJson).toBe('1');
  });

  it('counts the CPU of all entries together', async () => {
    const vm = await start({ metersOutside: false });
    const source = `const burn = () => { const end = Date.now() + 30; while (Date.now() < end); setTimeout(burn, 1); };
      burn(); new Promise(() => {})`;
    const { outcome } = await vm.run(request(source, { maxCpuMs: 100 }));
    expect(outcome.kind).toBe('out-of-cpu');
  });

  it('stops a script that has too much memory outside of the heap when it waits, and ends with it', async () => {
    const { maxMemoryMb, ...command } = childCommand({ maxMemoryMb: 16, stackSizeKb: 984 });
    expect(maxMemoryMb).toBe(16);
    const vm = await start({ metersOutside: false, command });
    const source = `const take = (mb) => {
        const buffer = new ArrayBuffer(8, { maxByteLength: 2 ** 30 });
        buffer.resize(mb * 2 ** 20);
        new Uint8Array(buffer).fill(1);
        return buffer;
      };
      const kept = [take(20)];
      setTimeout(() => kept.push(take(50)), 1);
      new Promise(() => {})`;
    expect((await vm.run(request(source))).outcome.kind).toBe('out-of-memory');
    await expect(vm.exited).resolves.toMatchObject({ reason: 'memory' });
  });

  it('knows its time limit as ever', async () => {
    const vm = await start({ metersOutside: false });
    const { outcome } = await vm.run(request('for (;;);', { timeoutMs: 20, maxCpuMs: 1000 }));
    expect(outcome.kind).toBe('timed-out');
  });
});

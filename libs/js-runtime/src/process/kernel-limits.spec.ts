import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { expectGone, LONG_MS, request, useVmProcesses } from '../../test-support/use-vm-processes.ts';
import { childCommand } from './child-command.ts';
import { KernelLimits } from './kernel-limits.ts';
import { VmGoneError } from './vm-gone.error.ts';
import type { RunReply } from './vm-request.ts';
import type { VmProcess } from './vm-process.ts';

const withPrlimit = existsSync('/usr/bin/prlimit') ? describe : describe.skip;
const { start } = useVmProcesses();
const MAX_MEMORY_MB = 64;
const WORKING_ROOM_MB = 64;
const limits = { maxMemoryMb: MAX_MEMORY_MB };

async function startVm(): Promise<VmProcess> {
  return start({ command: childCommand({ maxMemoryMb: MAX_MEMORY_MB, stackSizeKb: 984 }) });
}

/** Soft and hard limit, as the kernel has them. */
function limitOf(pid: number, name: string): string[] {
  const line = readFileSync(`/proc/${pid}/limits`, 'latin1')
    .split('\n')
    .find((l) => l.startsWith(name));
  return line?.slice(name.length).trim().split(/\s+/).slice(0, 2) ?? [];
}

function dataMbOf(pid: number): number {
  return Number(/^VmData:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024;
}

/** What a run ends with: the kind of its outcome, or why the VM is gone. */
async function endOf(run: Promise<RunReply>): Promise<string> {
  return run.then(
    ({ outcome }) => outcome.kind,
    (error: unknown) => (error instanceof VmGoneError ? error.reason : String(error)),
  );
}

withPrlimit('The kernel limits of a VM process', () => {
  it('are: nothing more opened, no core dumps, and some memory beyond what it has', async () => {
    const { pid } = await startVm();
    expect(limitOf(pid, 'Max open files')).toEqual(['0', '0']);
    expect(limitOf(pid, 'Max core file size')).toEqual(['0', '0']);
    const [soft = '', hard] = limitOf(pid, 'Max data size');
    expect(hard).toBe('unlimited');
    const beyondMb = Number(soft) / 2 ** 20 - dataMbOf(pid);
    // It has grown or shrunk since.
    expect(Math.abs(beyondMb - (MAX_MEMORY_MB + WORKING_ROOM_MB))).toBeLessThan(16);
  });

  it('leave all that a VM does', async () => {
    const vm = await startVm();
    const timers = 'await new Promise((r) => setTimeout(r, 1)); return new Date(0).getTimezoneOffset() + input.length;';
    const inputJson = JSON.stringify('x'.repeat(2 ** 20));
    for (let round = 0; round < 3; round++) {
      const run = { ...request(timers, limits, 'function'), inputJson };
      expect((await vm.run(run)).outcome).toEqual({ kind: 'value' });
      await vm.reset(LONG_MS);
      await vm.check(LONG_MS);
    }
    expect((await vm.run(request('for (;;);', { ...limits, timeoutMs: 20 }))).outcome.kind).toBe('timed-out');
  });

  it.each([
    ['objects', 'const a = []; for (let i = 0; i < 400_000; i++) a.push({ i, s: "k" + i }); a.length'],
    ['arrays', 'const a = []; for (let i = 0; i < 6500; i++) a.push(new Array(1000).fill(1.5)); a.length'],
    ['strings', 'const a = []; for (let i = 0; i < 500; i++) a.push(("x".repeat(1e5) + i).toUpperCase()); a.length'],
    ['buffers', 'const a = []; for (let i = 0; i < 50; i++) a.push(new Uint8Array(2 ** 20).fill(1)); a.length'],
  ])('leave a script the memory that it may have, in %s', async (_, source) => {
    const vm = await startVm();
    expect((await vm.run(request(source, limits))).outcome).toEqual({ kind: 'value' });
  });

  it.each([
    ['arrays that isolated-vm does not see in time', 'const a = []; for (;;) a.push(new Array(1000).fill(1.5));'],
    [
      'buffers that isolated-vm does not count',
      `const a = [];
      for (;;) {
        const buffer = new ArrayBuffer(8, { maxByteLength: 2 ** 24 });
        buffer.resize(2 ** 22);
        new Uint8Array(buffer).fill(1);
        a.push(buffer);
      }`,
    ],
    ['one long string', '("x".repeat(2 ** 28) + "y").charCodeAt(7)'],
    ['one long result', '"x".repeat(2 ** 29 - 24)'],
  ])('end what takes more, in %s, and it is told as memory', async (_, source) => {
    const vm = await startVm();
    // V8 dies of what it cannot do without; isolated-vm may see it coming; and what can fail, the script is told.
    expect(await endOf(vm.run(request(source, limits)))).toMatch(/^(memory|out-of-memory|threw)$/);
  });

  it('end what takes more outside of the heap too; ICU does not survive that in one certain way', async () => {
    const vm = await startVm();
    const source = 'const a = []; for (;;) a.push(new Intl.DateTimeFormat("en"), new Intl.Collator("de"));';
    await expect(vm.run(request(source, limits))).rejects.toBeInstanceOf(VmGoneError);
    expect((await vm.exited).signal).toMatch(/^SIG(ABRT|SEGV|TRAP)$/);
  });

  it('are not missed silently, as when the process is gone', async () => {
    const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    await once(child, 'exit');
    await expect(new KernelLimits(child.pid ?? 0, MAX_MEMORY_MB).begin()).rejects.toThrow('ENOENT');
  });

  it('are raised for a request that may have more, and back when the VM changes tenants', async () => {
    const vm = await startVm();
    const softMb = (): number => Number(limitOf(vm.pid, 'Max data size')[0]) / 2 ** 20;
    const before = softMb();
    const source = 'const a = []; for (let i = 0; i < 100; i++) a.push(new Uint8Array(2 ** 20).fill(1)); a.length';
    expect((await vm.run(request(source, { maxMemoryMb: 192 }))).resultJson).toBe('100');
    expect(softMb() - before).toBe(128);
    await vm.run(request('1', limits));
    expect(softMb() - before).toBe(128);
    await vm.reset(LONG_MS);
    expect(softMb()).toBe(before);
    await vm.reset(LONG_MS);
    expect(vm.alive).toBe(true);
  });

  it('are raised for one request at a time', async () => {
    const vm = await startVm();
    const first = vm.run(request('1', { maxMemoryMb: 192 }));
    expect(vm.busy).toBe(true);
    await expect(vm.run(request('1', { maxMemoryMb: 192 }))).rejects.toThrow(
      'was given a request while it works on another',
    );
    expect((await first).resultJson).toBe('1');
  });

  it('end a process whose limits cannot be raised', async () => {
    const vm = await startVm();
    process.kill(vm.pid, 'SIGKILL');
    await expectGone(vm.run(request('1', { maxMemoryMb: 192 })), 'crashed');
  });
});

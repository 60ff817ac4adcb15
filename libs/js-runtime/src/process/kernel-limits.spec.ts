import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { expectGone, LONG_MS, request, useVmProcesses } from '../../test-support/use-vm-processes.ts';
import { childCommand } from './child-command.ts';
import { limitProcess } from './kernel-limits.ts';
import { VmGoneError } from './vm-gone.error.ts';
import type { VmProcess } from './vm-process.ts';

const withPrlimit = existsSync('/usr/bin/prlimit') ? describe : describe.skip;
const { start } = useVmProcesses();
const MAX_MEMORY_MB = 64;
const WORKING_ROOM_MB = 192;

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

withPrlimit('The kernel limits of a VM process', () => {
  it('are: nothing more opened, no core dumps, and some memory beyond what it has', async () => {
    const { pid } = await startVm();
    expect(limitOf(pid, 'Max open files')).toEqual(['0', '0']);
    expect(limitOf(pid, 'Max core file size')).toEqual(['0', '0']);
    const [soft = '', hard] = limitOf(pid, 'Max data size');
    expect(hard).toBe('unlimited');
    expect(Number(soft) / 2 ** 20 - dataMbOf(pid)).toBeCloseTo(MAX_MEMORY_MB + WORKING_ROOM_MB, -1);
  });

  it('leave all that a VM does', async () => {
    const vm = await startVm();
    const timers = 'await new Promise((r) => setTimeout(r, 1)); return new Date(0).getTimezoneOffset() + input.length;';
    const inputJson = JSON.stringify('x'.repeat(2 ** 20));
    for (let round = 0; round < 3; round++) {
      expect((await vm.run(request(timers, { inputJson }, 'function'))).outcome).toEqual({ kind: 'value' });
      await vm.reset(LONG_MS);
      await vm.check(LONG_MS);
    }
    expect((await vm.run(request('for (;;);', { timeoutMs: 20 }))).outcome.kind).toBe('timed-out');
  });

  it.each([
    ['objects', 'const a = []; for (let i = 0; i < 400_000; i++) a.push({ i, s: "k" + i }); a.length'],
    ['arrays', 'const a = []; for (let i = 0; i < 6500; i++) a.push(new Array(1000).fill(1.5)); a.length'],
    ['strings', 'const a = []; for (let i = 0; i < 500; i++) a.push(("x".repeat(1e5) + i).toUpperCase()); a.length'],
    ['buffers', 'const a = []; for (let i = 0; i < 50; i++) a.push(new Uint8Array(2 ** 20).fill(1)); a.length'],
  ])('leave a script the memory that it may have, in %s', async (_, source) => {
    const vm = await startVm();
    expect((await vm.run(request(source))).outcome).toEqual({ kind: 'value' });
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
    await expectGone(vm.run(request(source)), 'memory');
    expect(await vm.exited).toEqual({ reason: 'memory', code: null, signal: 'SIGABRT' });
  });

  it('end what takes more outside of the heap too; ICU does not survive that in one certain way', async () => {
    const vm = await startVm();
    const source = 'const a = []; for (;;) a.push(new Intl.DateTimeFormat("en"), new Intl.Collator("de"));';
    await expect(vm.run(request(source))).rejects.toBeInstanceOf(VmGoneError);
    expect((await vm.exited).signal).toMatch(/^SIG(ABRT|SEGV|TRAP)$/);
  });

  it('are not missed silently, as when the process is gone', async () => {
    const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    await once(child, 'exit');
    await expect(limitProcess(child.pid ?? 0, MAX_MEMORY_MB)).rejects.toThrow('ENOENT');
  });
});

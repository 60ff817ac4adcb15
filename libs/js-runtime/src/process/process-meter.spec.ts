import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ProcessMeter } from './process-meter.ts';

const MIB = 1024 * 1024;
const onLinux = process.platform === 'linux' ? describe : describe.skip;

function open(pid = process.pid): ProcessMeter {
  return new ProcessMeter(pid);
}

onLinux('ProcessMeter', () => {
  it('knows that this system tells', () => {
    expect(ProcessMeter.isSupported).toBe(true);
  });

  it('counts the CPU time of a process', () => {
    const meter = open();
    const before = meter.cpuMs() ?? 0;
    const until = performance.now() + 20;
    while (performance.now() < until);
    expect(meter.cpuMs()).toBeGreaterThan(before);
    meter.close();
  });

  it('counts memory that is the process’s own, as soon as it is used', () => {
    const meter = open();
    const before = meter.privateBytes() ?? 0;
    const used = Buffer.alloc(64 * MIB, 1);
    expect((meter.privateBytes() ?? 0) - before).toBeGreaterThan(32 * MIB);
    expect(used.byteLength).toBe(64 * MIB);
    expect(meter.memory()?.privateBytes).toBeGreaterThan(60 * MIB);
    expect(meter.memory()?.reservedBytes).toBeGreaterThan(64 * MIB);
    meter.close();
  });

  it('knows nothing of a process that is gone, also when it is read for the first time then', async () => {
    const program = `process.stdin.resume(); process.stdout.write('.')`;
    const child = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    const meter = open(child.pid);
    expect(meter.privateBytes()).toBeGreaterThan(0);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect([meter.cpuMs(), meter.privateBytes(), meter.memory()]).toEqual(Array(3).fill(undefined));
    expect(() => open(child.pid)).toThrow('ENOENT');
    meter.close();
  });

  it('reads nothing when it is closed, and can be closed twice', () => {
    const meter = open();
    meter.close();
    meter.close();
    expect([meter.cpuMs(), meter.privateBytes()]).toEqual([undefined, undefined]);
  });
});

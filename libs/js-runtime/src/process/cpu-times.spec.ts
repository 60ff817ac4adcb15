import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readCpuTimes, threadsOf, wantsCpu } from './cpu-times.ts';

const onLinux = process.platform === 'linux' ? describe : describe.skip;

/** Starts a Node that runs this and then says so. */
async function nodeThat(does: string): Promise<{ pid: number; end: () => Promise<void> }> {
  const child = spawn(process.execPath, ['-e', `${does}; process.stdout.write('.')`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const exited = once(child, 'exit');
  const end = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  return { pid: child.pid ?? 0, end };
}

const IDLE = 'process.stdin.resume()';

onLinux('readCpuTimes', () => {
  it('counts what the main thread of a process ran', async () => {
    const idle = await nodeThat(IDLE);
    const busy = await nodeThat(`${IDLE}; while (process.cpuUsage().user < 500_000);`);
    const [little, much] = [readCpuTimes(idle.pid), readCpuTimes(busy.pid)];
    expect(little?.ranMs).toBeGreaterThan(1);
    expect(much?.ranMs).toBeGreaterThan(300);
    expect(much?.waitedMs).toBeGreaterThanOrEqual(0);
    await Promise.all([idle.end(), busy.end()]);
  });

  it('knows nothing of a process that is gone', async () => {
    const { pid, end } = await nodeThat(IDLE);
    await end();
    expect(readCpuTimes(pid)).toBeUndefined();
    expect(threadsOf(pid)).toEqual([]);
    expect(wantsCpu(pid)).toBe(false);
  });
});

onLinux('wantsCpu', () => {
  it('tells a process that is busy from one that is stopped', async () => {
    const { pid, end } = await nodeThat(`setImmediate(() => { for (;;); })`);
    while (!wantsCpu(pid)) await new Promise(setImmediate);
    process.kill(pid, 'SIGSTOP');
    while (wantsCpu(pid)) await new Promise(setImmediate);
    expect(readCpuTimes(pid)).toBeDefined();
    await end();
  });

  it('sees a busy helper of a main thread that sleeps', async () => {
    const { pid, end } = await nodeThat(
      `new (require('node:worker_threads').Worker)('for (;;);', { eval: true }).on('online', () => {})`,
    );
    while (!wantsCpu(pid)) await new Promise(setImmediate);
    expect(threadsOf(pid)).toContain(pid);
    await end();
  });
});

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuMsOf, killTree, memoryMbOf } from './process-tree.ts';

/** Starts itself once more, once for good and once to burn 300 ms of CPU; tells when that has ended, and whom it has started. */
const PARENT = `
  const { fork } = require('node:child_process');
  const burn = () => { while (process.cpuUsage().user < 300_000); };
  if (process.argv[2] === 'burn') burn();
  else if (process.argv[2] === 'stay') setInterval(() => {}, 1000);
  else {
    const child = fork(__filename, ['stay']);
    fork(__filename, ['burn']).once('exit', () => process.send(child.pid));
  }`;

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('A tree of processes', () => {
  let folder: string;
  let parent: ChildProcess;
  let childPid: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'process-tree-'));
    const file = join(folder, 'parent.cjs');
    await writeFile(file, PARENT);
    // Its output is a pipe that the child has too: it closes when both have ended.
    parent = fork(file, { execArgv: [], silent: true });
    parent.stdout?.resume();
    [childPid] = (await once(parent, 'message')) as [number];
  });

  afterAll(async () => rm(folder, { recursive: true }));

  it('has used what its processes have, those that have ended too', () => {
    expect(cpuMsOf(parent.pid ?? 0)).toBeGreaterThan(300);
  });

  it('takes the memory of all', () => {
    const [all, own] = [memoryMbOf(parent.pid ?? 0), memoryMbOf(childPid)];
    expect(own?.rssMb).toBeGreaterThan(10);
    expect(all?.rssMb).toBeGreaterThan((own?.rssMb ?? 0) + 10);
    expect(all?.pssMb).toBeLessThanOrEqual(all?.rssMb ?? 0);
  });

  it('is killed as a whole', async () => {
    const close = once(parent, 'close');
    killTree(parent.pid ?? 0);
    await close;
    expect(memoryMbOf(childPid)).toEqual({ rssMb: 0, pssMb: 0 });
  });
});

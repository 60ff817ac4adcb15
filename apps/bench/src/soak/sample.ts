import { readdir, readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';

const MB = 1024 * 1024;

/** What the backend's process and its VMs take at one moment. */
export interface Sample {
  readonly executions: number;
  readonly rssMb: number;
  /** V8's heap and what its objects hold outside of it, after garbage collection. */
  readonly heapMb: number;
  readonly descriptors: number;
  /** Child processes, as the kernel counts them: what the pool forgot is among them. */
  readonly processes: number;
  readonly vmRssMb: readonly number[];
  /** As RSS, but of what processes share only their part. */
  readonly vmPssMb: readonly number[];
}

export async function takeSample(executions: number): Promise<Sample> {
  await collectGarbage();
  const { rss, heapUsed, external } = process.memoryUsage();
  const pids = await childPids();
  const vms = (await Promise.all(pids.map(memoryOf))).filter((vm) => vm !== undefined);
  return {
    executions,
    rssMb: rss / MB,
    heapMb: (heapUsed + external) / MB,
    descriptors: (await readdir('/proc/self/fd')).length,
    processes: pids.length,
    vmRssMb: vms.map(({ rssMb }) => rssMb),
    vmPssMb: vms.map(({ pssMb }) => pssMb),
  };
}

async function childPids(): Promise<string[]> {
  const lists = (await readdir('/proc/self/task')).map((task) => readFile(`/proc/self/task/${task}/children`, 'utf8'));
  return (await Promise.all(lists)).flatMap((list) => list.split(' ')).filter((pid) => pid !== '');
}

/** Undefined for a process that is gone, or as good as gone. */
async function memoryOf(pid: string): Promise<{ rssMb: number; pssMb: number } | undefined> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const [, rss] = /^Rss: +(\d+) kB$/m.exec(rollup) ?? [];
  const [, pss] = /^Pss: +(\d+) kB$/m.exec(rollup) ?? [];
  return rss === undefined ? undefined : { rssMb: Number(rss) / 1024, pssMb: Number(pss) / 1024 };
}

/** Twice: what the first pass found dead may have held more, until callbacks between the two have let go of it. */
async function collectGarbage(): Promise<void> {
  if (!globalThis.gc) throw new Error('Node has to be started with --expose-gc');
  await globalThis.gc({ type: 'major', execution: 'async' });
  await setImmediate();
  await globalThis.gc({ type: 'major', execution: 'async' });
}

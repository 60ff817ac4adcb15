import { readdirSync, readFileSync } from 'node:fs';

/*
 * What a process and all that come from it take, as the kernel counts it: on Linux. Elsewhere, undefined.
 */

export interface Memory {
  readonly rssMb: number;
  /** Of what processes share, each has only its part. */
  readonly pssMb: number;
}

/** What /proc counts in, everywhere that Node runs. */
const TICKS_PER_SECOND = 100;

/** Since their start, of those that have ended too. */
export function cpuMsOf(pid: number): number | undefined {
  return process.platform === 'linux' ? sum(treeOf(pid).map(ownCpuMs)) : undefined;
}

export function memoryMbOf(pid: number): Memory | undefined {
  if (process.platform !== 'linux') return undefined;
  const rollups = treeOf(pid).map((one) => read(`/proc/${one}/smaps_rollup`));
  const total = (field: string): number =>
    sum(rollups.map((text) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0))) / 1024;
  return { rssMb: total('Rss'), pssMb: total('Pss') };
}

export function killTree(pid: number): void {
  for (const one of treeOf(pid)) {
    try {
      process.kill(one, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

/** Children are told of by the thread that started them. */
function treeOf(pid: number): number[] {
  const children = tasksOf(pid).flatMap((task) =>
    read(`/proc/${pid}/task/${task}/children`)
      .split(' ')
      .filter((text) => text.trim() !== ''),
  );
  return [pid, ...children.flatMap((child) => treeOf(Number(child)))];
}

/** Its own, and that of children which have ended: those that live are counted by themselves. */
function ownCpuMs(pid: number): number {
  // After the name, which may have anything in it.
  const fields = read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  const ticks = fields.slice(11, 15).map(Number);
  return ticks.length === 4 ? (sum(ticks) * 1000) / TICKS_PER_SECOND : 0;
}

function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Empty for what has ended meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

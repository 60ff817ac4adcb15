import { median, percentile } from '../../report.ts';
import type { Counts } from './counter.ts';
import { HEAP_BYTES } from './heap.ts';

/** Executions that are looked at together, so that what is done for several at a time counts: for 2, 3, 4, 6 or 12. */
export const EXECUTIONS_PER_WINDOW = 12;

/**
 * What an execution costs, of counts of many: the median of what windows of them came to. So what happens once in a while, as
 * when an isolate is replaced because its process has grown, is left out. Of bytes, it is the median of single executions; on the
 * heap, where what remains of a page when an object does not fit is taken for used, little of what single ones came to.
 */
export function typicalOf(executions: readonly Counts[]): Counts {
  const names = new Set(executions.flatMap((counts) => Object.keys(counts)));
  const typical: Record<string, number> = {};
  for (const name of [...names].sort()) {
    const values = executions.map((counts) => counts[name] ?? 0);
    const count = typicalCount(name, values);
    if (count !== 0) typical[name] = Math.round(count * 1000) / 1000;
  }
  return typical;
}

function typicalCount(name: string, values: readonly number[]): number {
  // Where garbage was collected, there is less than before.
  const grown = values.filter((value) => value > 0);
  if (isHeap(name)) return grown.length > 0 ? percentile(grown, 10) : 0;
  return isBytes(name) ? median(values) : median(sumsOfWindows(values)) / EXECUTIONS_PER_WINDOW;
}

export function isBytes(name: string): boolean {
  return /\bbytes\b/.test(name);
}

/** What depends on when exactly garbage is collected, too. */
export function isHeap(name: string): boolean {
  return name.endsWith(HEAP_BYTES);
}

function sumsOfWindows(values: readonly number[]): number[] {
  const sums: number[] = [];
  for (let start = 0; start + EXECUTIONS_PER_WINDOW <= values.length; start += EXECUTIONS_PER_WINDOW) {
    sums.push(values.slice(start, start + EXECUTIONS_PER_WINDOW).reduce((sum, value) => sum + value, 0));
  }
  return sums;
}

/** How all scenarios tell what they measured: tables that can be pasted into a document. */

export function printHeader(...cells: readonly string[]): void {
  printRow(...cells);
  console.log(`|${'---|'.repeat(cells.length)}`);
}

export function printRow(...cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

export function machine(): string {
  return `Node ${process.version}, ${process.platform} ${process.arch}`;
}

export function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 3 : 0)} ms`;
}

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The value that `percent` of all values do not exceed; NaN when there are none. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor((sorted.length * percent) / 100), sorted.length - 1)] ?? NaN;
}

/** How often each thing happened. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(what: string, count = 1): void {
    this.#counts.set(what, this.of(what) + count);
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** By name, so that the order does not depend on chance. */
  entries(): [what: string, count: number][] {
    return [...this.#counts].sort(([one], [other]) => (one < other ? -1 : 1));
  }

  toString(): string {
    return this.entries()
      .map(([what, count]) => `${what} ${count}`)
      .join(', ');
  }
}

import type { Counts } from './counter.ts';
import { EXECUTIONS_PER_WINDOW, typicalOf } from './typical.ts';

const WINDOWS = 5;

/** Counts of several windows of executions. */
function executions(countsOf: (execution: number) => Counts): Counts[] {
  return Array.from({ length: WINDOWS * EXECUTIONS_PER_WINDOW }, (_, execution) => countsOf(execution));
}

describe('typicalOf', () => {
  it('is what every execution costs', () => {
    expect(typicalOf(executions(() => ({ writes: 2, promises: 50 })))).toEqual({ writes: 2, promises: 50 });
  });

  it.each([2, 3, 4, 6, 12])('shares out what is done for %i executions at once', (batch) => {
    const counts = executions((execution) => (execution % batch === 0 ? { contexts: 6 * batch } : {}));
    expect(typicalOf(counts)).toEqual({ contexts: 6 });
  });

  it('leaves out what is done once in a while', () => {
    const counts = executions((execution) => ({ writes: 1, ...(execution === 20 ? { isolates: 1 } : {}) }));
    expect(typicalOf(counts)).toEqual({ writes: 1 });
  });

  it('knows no fractions of bytes', () => {
    const counts = executions((execution) => ({ 'bytes written': execution % 3 === 0 ? 101 : 100 }));
    expect(typicalOf(counts)).toEqual({ 'bytes written': 100 });
  });

  it('is not confused by collections of garbage, nor by pages of the heap that are filled up', () => {
    const heapBytes = (execution: number): number => [-5_000_000, 60_000, 60_000, 160_000][execution % 4] ?? 0;
    const counts = executions((execution) => ({ 'heap bytes': heapBytes(execution) }));
    expect(typicalOf(counts)).toEqual({ 'heap bytes': 60_000 });
  });

  it('has nothing of a heap that only shrank', () => {
    expect(typicalOf(executions(() => ({ 'heap bytes': -1 })))).toEqual({});
  });
});

import { KeptHeap } from './kept-heap.ts';

const MIB = 1024 * 1024;

describe('KeptHeap', () => {
  let heap: KeptHeap;
  let collections: number;

  beforeEach(() => {
    heap = new KeptHeap(64);
    collections = 0;
  });

  const isTooMuch = (heapMb: number, keptMb: number): boolean =>
    heap.isTooMuch(heapMb * MIB, () => {
      collections++;
      return keptMb * MIB;
    });

  it('does not collect what may be kept anyway', () => {
    expect(isTooMuch(32, 32)).toBe(false);
    expect(collections).toBe(0);
  });

  it('takes for kept what is left of a collection', () => {
    expect(isTooMuch(40, 10)).toBe(false);
    expect(isTooMuch(40, 33)).toBe(true);
    expect(collections).toBe(2);
  });

  it('collects again when much has come after the last time', () => {
    expect(isTooMuch(40, 30)).toBe(false);
    expect(isTooMuch(43, 33)).toBe(false);
    expect(isTooMuch(44, 33)).toBe(true);
    expect(collections).toBe(2);
  });

  it('collects nothing near the limit, which may end the isolate', () => {
    expect(isTooMuch(57, 1)).toBe(true);
    expect(collections).toBe(0);
  });
});

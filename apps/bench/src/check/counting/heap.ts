import { getHeapStatistics } from 'node:v8';
import type { Counts, Phase } from './counter.ts';

/** What is allocated on the heap of a process, in bytes. Wrong for an execution in which garbage is collected; that is one in many. */
export class HeapMarks {
  readonly #side: string;
  readonly #bytes: Record<Phase, number> = { path: 0, after: 0 };
  #phase: Phase = 'path';
  #mark = 0;

  constructor(side: 'host' | 'vm') {
    this.#side = side;
  }

  begin(): void {
    this.#phase = 'path';
    this.#bytes.path = this.#bytes.after = 0;
    this.#mark = usedBytes();
  }

  answered(): void {
    this.#note();
    this.#phase = 'after';
    this.#mark = usedBytes();
  }

  end(): Counts {
    this.#note();
    return {
      [`path.${this.#side}.${HEAP_BYTES}`]: this.#bytes.path,
      [`after.${this.#side}.${HEAP_BYTES}`]: this.#bytes.after,
    };
  }

  #note(): void {
    this.#bytes[this.#phase] += usedBytes() - this.#mark;
  }
}

export const HEAP_BYTES = 'heap bytes';

function usedBytes(): number {
  return getHeapStatistics().used_heap_size;
}

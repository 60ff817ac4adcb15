import { setFlagsFromString } from 'node:v8';
import type ivm from 'isolated-vm';

/**
 * What realms may leave on the heap before it is collected. Each leaves 0.2 MB, which V8 finds only when it collects everything; left
 * to itself, it collects the young generation several times before that, and finds nothing.
 */
const MAX_GARBAGE_BYTES = 4 * 1024 * 1024;

/** The realms of former executions, until they are collected. */
export class UsedRealms {
  readonly #isolate: ivm.Isolate;
  /** Made when first needed: many isolates serve a few executions only. */
  #collect: ivm.Reference<() => void> | undefined;
  #bytesWhenCollected: number;

  constructor(isolate: ivm.Isolate) {
    this.#isolate = isolate;
    this.#bytesWhenCollected = this.#usedBytes();
  }

  /** Collects them, if it is worth it. Takes about a millisecond then. */
  collect(): void {
    if (this.#usedBytes() - this.#bytesWhenCollected < MAX_GARBAGE_BYTES) return;
    this.#collect ??= garbageCollectorOf(this.#isolate);
    this.#collect.applySync();
    this.#bytesWhenCollected = this.#usedBytes();
  }

  #usedBytes(): number {
    return this.#isolate.getHeapStatisticsSync().used_heap_size;
  }
}

/** V8's own, in a context of its own. The flag makes `gc` a global of every context that is made while it is on; no script's ever is. */
function garbageCollectorOf(isolate: ivm.Isolate): ivm.Reference<() => void> {
  setFlagsFromString('--expose-gc');
  try {
    const context = isolate.createContextSync();
    return context.evalSync('gc', { reference: true }) as ivm.Reference<() => void>;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}

import { setFlagsFromString } from 'node:v8';
import type ivm from 'isolated-vm';

/**
 * So many are collected together. Each has 0.2 MB, which V8 finds only when it collects everything; left to itself, it collects the
 * young generation several times before that, and finds nothing. With more of them the heap does not fit into a CPU's cache: of
 * 10, 20, 30, 50 and V8's own, this took least.
 */
const MAX_USED_REALMS = 20;

/** The realms of former executions, until they are collected. */
export class UsedRealms {
  readonly #isolate: ivm.Isolate;
  /** Made when first needed: many isolates serve a few executions only. */
  #collect: ivm.Reference<() => void> | undefined;
  #count = 0;

  constructor(isolate: ivm.Isolate) {
    this.#isolate = isolate;
  }

  /** One more has been used. Takes about a millisecond when they are collected. */
  add(): void {
    this.#count++;
    if (this.#count >= MAX_USED_REALMS) this.collect();
  }

  collect(): void {
    this.#count = 0;
    this.#collect ??= garbageCollectorOf(this.#isolate);
    this.#collect.applySync();
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

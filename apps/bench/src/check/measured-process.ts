import type { ExecutionResult } from 'nestjs-js-runtime';
import { Counter, type Counts } from './counting/counter.ts';
import { countBuiltIns } from './counting/built-ins.ts';
import { FrameCounter, UNFINISHED } from './counting/frame-counter.ts';
import { HeapMarks } from './counting/heap.ts';
import { countProcesses } from './counting/processes.ts';
import { countPromises } from './counting/promises.ts';
import { CountedTimers } from './counting/timers.ts';
import { uncounted } from './counting/uncounted.ts';
import type { StreamHandle } from './counting/writes.ts';
import { TurnTaking } from './turns/turn-taking.ts';

/** A timer that is due so soon after an execution belongs to it, as the one that watches running VMs does. */
const PASSING_MS = 20;
const TIMEOUT_MS = 120_000;

export interface Counted {
  readonly counts: Counts;
  /** The script's value, or the code of the error. */
  readonly outcome: unknown;
}

/**
 * Counts what this process and its VMs do for an execution. To be made before the library is loaded, which knows nothing of
 * it.
 */
export class MeasuredProcess {
  readonly #counter = new Counter('host');
  readonly #heap = new HeapMarks('host');
  readonly #timers = new CountedTimers(this.#counter);
  readonly #frames = new Map<StreamHandle, FrameCounter>();
  readonly #turns: TurnTaking;
  #isAtRest = false;

  constructor() {
    this.#turns = new TurnTaking({
      onWrite: (pipe, parts) => {
        this.#wrote(pipe, parts);
      },
      activity: () => this.#counter.total,
      hasImmediates: () => this.#timers.hasImmediates,
      passTime: (done) => {
        this.#timers.advance(PASSING_MS, done);
      },
    });
    countPromises(this.#counter);
    countBuiltIns(this.#counter);
    countProcesses(this.#counter, (child, fds) => {
      this.#turns.add(child, fds);
    });
  }

  /** The library is ready: from now on, nothing happens because time passes. */
  started(): void {
    this.#timers.stopClock();
  }

  /** Does something that is not counted. */
  async uncounted<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isAtRest) {
      this.#isAtRest = false;
      this.#turns.begin();
      this.#turns.goOn();
    }
    return work();
  }

  /** Runs one execution, and counts. */
  async count(execute: () => Promise<ExecutionResult>): Promise<Counted> {
    if (!this.#isAtRest) {
      await inTime('coming to rest', (done) => {
        this.#turns.settle(done);
      });
    }
    this.#isAtRest = true;
    return inTime('the execution', (done) => {
      this.#execute(execute, done);
    });
  }

  #execute(execute: () => Promise<ExecutionResult>, done: (counted: Counted) => void): void {
    let outcome: unknown;
    let isSettled = false;
    let isUnderWay = false;
    const finish = (): void => {
      this.#turns.settle((ofVms) => {
        const heap = this.#heap.end();
        for (const { isAtEnd } of this.#frames.values()) if (!isAtEnd) this.#counter.add(UNFINISHED);
        this.#counter.end();
        done({ counts: sum([this.#counter.counts(), heap, ...ofVms]), outcome });
      });
    };
    const onSettled = (cameTo: unknown): void => {
      this.#counter.answered();
      this.#heap.answered();
      this.#turns.answered();
      isSettled = true;
      outcome = cameTo;
      if (isUnderWay) finish();
    };
    this.#turns.begin();
    this.#counter.begin();
    this.#heap.begin();
    const execution = execute();
    this.#counter.pause(() => {
      execution.then(
        ({ value }) => {
          onSettled(value);
        },
        (error: unknown) => {
          onSettled((error as { readonly code?: unknown }).code ?? String(error));
        },
      );
    });
    this.#turns.whenQuiet(() => {
      this.#turns.goOn();
      isUnderWay = true;
      if (isSettled) finish();
    });
  }

  #wrote(pipe: StreamHandle, parts: readonly Uint8Array[]): void {
    let frames = this.#frames.get(pipe);
    if (!frames) this.#frames.set(pipe, (frames = new FrameCounter()));
    this.#counter.add('writes');
    for (const part of parts) {
      this.#counter.add('bytes written', part.byteLength);
      this.#counter.add('frames written', frames.push(part));
    }
  }
}

function sum(all: readonly Counts[]): Counts {
  const sums: Record<string, number> = {};
  for (const counts of all) {
    for (const [what, count] of Object.entries(counts)) sums[what] = (sums[what] ?? 0) + count;
  }
  return sums;
}

/** Deadlines of the library do not pass any more: this one does. */
async function inTime<T>(what: string, work: (done: (result: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = uncounted.setTimeout(() => {
      reject(new Error(`${what}: not over within ${TIMEOUT_MS / 1000} s`));
    }, TIMEOUT_MS);
    work((result) => {
      uncounted.clearTimeout(timer);
      resolve(result);
    });
  });
}

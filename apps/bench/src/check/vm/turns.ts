import type { Counter, Counts } from '../counting/counter.ts';
import { uncounted } from '../counting/uncounted.ts';
import { GO_ON_ANSWERED, type Stopped } from '../turns/messages.ts';

const { readSync, stringify, writeSync } = uncounted;

export interface Answer {
  /** Whether the caller of the execution has its result. */
  readonly isAnswered: boolean;
}

/** Stops this process until the one that counts lets it go on. What it costs to say so is not counted. */
export class Turns {
  readonly #fd: number;
  readonly #counter: Counter;
  readonly #answer = Buffer.alloc(1);

  constructor(fd: number, counter: Counter) {
    this.#fd = fd;
    this.#counter = counter;
  }

  wrote(writtenBytes: number): Answer {
    return this.#stop({ kind: 'wrote', writtenBytes });
  }

  rests(counts: Counts): Answer {
    return this.#stop({ kind: 'rests', counts });
  }

  #stop(stopped: Stopped): Answer {
    return this.#counter.pause(() => {
      writeSync(this.#fd, `${stringify(stopped)}\n`);
      // It is gone.
      if (readSync(this.#fd, this.#answer, 0, 1, null) === 0) process.exit(0);
      return { isAnswered: this.#answer[0] === GO_ON_ANSWERED };
    });
  }
}

/** The point in time by which an execution has to be over: waiting for a VM, compiling, running, everything. */
export class Deadline {
  readonly startedAt = performance.now();
  readonly endsAt: number;

  constructor(readonly timeoutMs: number) {
    this.endsAt = this.startedAt + timeoutMs;
  }

  /** Whole milliseconds left, at least 1 so that it can be used as a timeout; ask `isOver` first. */
  get remainingMs(): number {
    return Math.max(1, Math.ceil(this.endsAt - performance.now()));
  }

  get isOver(): boolean {
    return performance.now() >= this.endsAt;
  }

  get elapsedMs(): number {
    return performance.now() - this.startedAt;
  }
}

import type { RetireReason } from './retire-reason.ts';
import type { MeteredUse } from './run-meter.ts';

export interface VmExit {
  readonly reason: RetireReason;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The VM ended before it answered. `reason` says who ended it and why. */
export class VmGoneError extends Error {
  override readonly name = 'VmGoneError';

  constructor(
    readonly reason: RetireReason,
    /** What the request that it did not answer had used; undefined when there was none, or nobody meters. */
    readonly used?: MeteredUse,
    options?: ErrorOptions,
    /** It ended for what another request did that was under way at the same time. */
    readonly isForAnother = false,
  ) {
    super(`The VM process is gone: ${reason}`, options);
  }

  /** What those are told that were under way beside the one that it ended for. */
  get toOthers(): VmGoneError {
    const isTheirs =
      this.reason !== 'wall' && this.reason !== 'cpu' && this.reason !== 'memory' && this.reason !== 'cancelled';
    return isTheirs ? this : new VmGoneError(this.reason, undefined, { cause: this }, true);
  }
}

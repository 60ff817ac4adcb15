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
  ) {
    super(`The VM process is gone: ${reason}`, options);
  }
}

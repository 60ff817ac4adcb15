import type { RetireReason } from './retire-reason.ts';

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
    options?: ErrorOptions,
  ) {
    super(`The VM process is gone: ${reason}`, options);
  }
}

import type { CompiledOptions } from '../config/options.schema.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';

/** Limits of one execution that a caller may set. */
export interface ResourceLimits {
  /** Wall time in milliseconds, waiting for a VM included. */
  readonly timeoutMs: number;
}

/** Limits as a caller asks for them; what is left out stays as configured. */
export type RequestedLimits = { readonly [K in keyof ResourceLimits]?: ResourceLimits[K] | undefined };

/**
 * Limits of one execution: the configured ones, tightened by what the caller asked for. Asking for more than is
 * configured gives what is configured.
 *
 * @throws JsRuntimeError INVALID_REQUEST for a value that is no limit
 */
export function tightenLimits(configured: CompiledOptions, asked: RequestedLimits = {}): ResourceLimits {
  const { timeoutMs = configured.timeoutMs } = asked;
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1) {
    throw new JsRuntimeError(
      'INVALID_REQUEST',
      `limits.timeoutMs is ${timeoutMs}; allowed is a whole number of milliseconds, 1 or more`,
    );
  }
  return { timeoutMs: Math.min(timeoutMs, configured.timeoutMs) };
}

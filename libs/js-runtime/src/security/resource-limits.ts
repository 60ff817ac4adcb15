import { LIMIT_NAMES, LIMITS, type LimitName, type ResourceLimits } from '../config/limits.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';

/** Limits as a caller asks for them; what is left out stays as configured. */
export type RequestedLimits = Partial<Readonly<Record<LimitName, number | undefined>>>;

/**
 * Limits of one execution: the tenant's, tightened by what the caller asked for. Asking for more than the tenant has gives
 * what the tenant has.
 *
 * @throws JsRuntimeError INVALID_REQUEST for what is no limit, and a value that none can have
 */
export function tightenLimits(configured: ResourceLimits, asked?: RequestedLimits): ResourceLimits {
  if (asked === undefined) return configured;
  if (typeof asked !== 'object' || (asked as unknown) === null) throw invalid('limits must be an object');
  const tightened: Record<LimitName, number> = { ...configured };
  for (const [name, value] of Object.entries(asked)) {
    if (value === undefined) continue;
    if (!isLimit(name)) throw invalid(`limits.${name}: no such limit; the limits are ${LIMIT_NAMES.join(', ')}`);
    const { min } = LIMITS[name];
    if (!Number.isInteger(value) || value < min) {
      const given = typeof value === 'number' ? value : `a ${typeof value}`;
      throw invalid(`limits.${name} is ${given}; allowed is a whole number, ${min} or more`);
    }
    tightened[name] = Math.min(value, configured[name]);
  }
  return tightened;
}

function isLimit(name: string): name is LimitName {
  return Object.hasOwn(LIMITS, name);
}

function invalid(message: string): JsRuntimeError {
  return new JsRuntimeError('INVALID_REQUEST', message);
}

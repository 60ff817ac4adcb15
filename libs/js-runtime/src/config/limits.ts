import { z } from 'zod';

const MIB = 1024 * 1024;
/** A day: far from where timers overflow. */
const MAX_MS = 86_400_000;
const MAX_BYTES = 256 * MIB;

interface Limit {
  readonly min: number;
  readonly max: number;
  readonly default: number;
  readonly description: string;
}

/** What one execution may use. Configured for all, differently for single tenants, and tighter for single requests. */
export const LIMITS = {
  timeoutMs: {
    min: 1,
    max: MAX_MS,
    default: 30_000,
    description:
      'wall time of one execution, waiting for a VM included; then WALL_TIME_LIMIT_EXCEEDED, or POOL_EXHAUSTED when no VM came free',
  },
  maxCpuMs: {
    min: 1,
    max: MAX_MS,
    default: 60_000,
    description: 'CPU time of one execution, waiting not included; then CPU_TIME_LIMIT_EXCEEDED, which costs a VM',
  },
  maxMemoryMb: {
    // isolated-vm makes no isolate with less.
    min: 8,
    max: 4096,
    default: 64,
    description:
      'memory of one execution: the heap of its isolate, and what its process has beside it, 32 MB more at most; then MEMORY_LIMIT_EXCEEDED, which costs a VM',
  },
  maxApiCalls: {
    min: 0,
    max: 1_000_000,
    default: 1000,
    description: 'calls of host APIs in one execution, by their cost; then API_CALL_LIMIT_EXCEEDED',
  },
  maxApiCallsInFlight: {
    min: 1,
    max: 10_000,
    default: 32,
    description: 'calls of host APIs in one execution that are not answered yet; then API_CALL_LIMIT_EXCEEDED',
  },
  maxApiArgumentBytes: {
    min: 2,
    max: MAX_BYTES,
    default: 128 * 1024,
    description: 'size of the arguments of one call of a host API as JSON; larger is API_CALL_INVALID',
  },
  maxApiResultBytes: {
    min: 2,
    max: MAX_BYTES,
    default: MIB,
    description: 'size of what one call of a host API gives as JSON; larger is API_RESULT_TOO_LARGE',
  },
  maxSourceBytes: {
    min: 1,
    max: MAX_BYTES,
    default: MIB,
    description: 'size of one script, together with what it imports; larger is SCRIPT_TOO_LARGE',
  },
  maxModules: {
    min: 1,
    max: 1000,
    default: 64,
    description: 'modules of one execution, the script itself included; more are SCRIPT_TOO_LARGE',
  },
  maxInputBytes: {
    min: 1,
    max: MAX_BYTES,
    default: MIB,
    description: 'size of `input` as JSON; larger is INPUT_TOO_LARGE',
  },
  maxResultBytes: {
    min: 1,
    max: MAX_BYTES,
    default: MIB,
    description: 'size of the result as JSON; larger is RESULT_TOO_LARGE',
  },
  maxLogBytes: {
    min: 1,
    max: MAX_BYTES,
    default: 64 * 1024,
    description: 'console output of one execution; the rest is dropped, and the last entry says so',
  },
  maxLogEntries: {
    min: 1,
    max: 100_000,
    default: 1000,
    description: 'console calls of one execution; the rest is dropped, and the last entry says so',
  },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof LIMITS;

/** The limits of one execution; units are in the names. */
export type ResourceLimits = Readonly<Record<LimitName, number>>;

export const LIMIT_NAMES = Object.keys(LIMITS) as readonly LimitName[];

/** The limits as options, without and with their defaults. */
export const limitsShape = shapeOf(schemaOf);
export const defaultedLimitsShape = shapeOf((limit) => schemaOf(limit).default(limit.default));

function schemaOf({ min, max, description }: Limit): z.ZodCoercedNumber {
  return z.coerce.number().int().min(min).max(max).describe(description);
}

function shapeOf<Schema>(make: (limit: Limit) => Schema): Record<LimitName, Schema> {
  return Object.fromEntries(LIMIT_NAMES.map((name) => [name, make(LIMITS[name])])) as Record<LimitName, Schema>;
}

/** Picks the limits from among other options. */
export function limitsOf(options: ResourceLimits): ResourceLimits {
  return Object.freeze(Object.fromEntries(LIMIT_NAMES.map((name) => [name, options[name]]))) as ResourceLimits;
}

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
    description: 'wall time of one execution, waiting for a VM included',
  },
  maxCpuMs: {
    min: 1,
    max: MAX_MS,
    default: 60_000,
    description: 'CPU time of one execution, waiting not included',
  },
  maxMemoryMb: {
    // isolated-vm makes no isolate with less.
    min: 8,
    max: 4096,
    default: 64,
    description: 'memory of one execution: the heap of its isolate, and what its process has beside it',
  },
  maxApiCalls: {
    min: 0,
    max: 1_000_000,
    default: 1000,
    description: 'calls of host APIs in one execution, by their cost',
  },
  maxApiCallsInFlight: { min: 1, max: 10_000, default: 32, description: 'calls of host APIs not answered yet' },
  maxApiArgumentBytes: {
    min: 2,
    max: MAX_BYTES,
    default: 128 * 1024,
    description: 'size of the arguments of one call of a host API as JSON',
  },
  maxApiResultBytes: {
    min: 2,
    max: MAX_BYTES,
    default: MIB,
    description: 'size of what one call of a host API gives as JSON',
  },
  maxSourceBytes: {
    min: 1,
    max: MAX_BYTES,
    default: MIB,
    description: 'size of one script, together with what it imports',
  },
  maxModules: { min: 1, max: 1000, default: 64, description: 'modules of one execution, the script itself included' },
  maxInputBytes: { min: 1, max: MAX_BYTES, default: MIB, description: 'size of `input` as JSON' },
  maxResultBytes: { min: 1, max: MAX_BYTES, default: MIB, description: 'size of the result as JSON' },
  maxLogBytes: { min: 1, max: MAX_BYTES, default: 64 * 1024, description: 'console output of one execution' },
  maxLogEntries: { min: 1, max: 100_000, default: 1000, description: 'console calls of one execution' },
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

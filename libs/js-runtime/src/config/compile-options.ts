import type { z } from 'zod';
import { environmentVariableOf } from './environment.ts';
import { optionsSchema, SECRET_OPTIONS, type CompiledOptions } from './options.schema.ts';

/** An option has a value that it may not have. Stops the start. */
export class InvalidOptionsError extends Error {
  override readonly name = 'InvalidOptionsError';
}

/**
 * Raw options → checked, complete, frozen.
 *
 * @throws InvalidOptionsError naming each wrong option, its environment variable, the value (unless it is secret) and the rule
 */
export function compileOptions(raw: Readonly<Record<string, unknown>>): CompiledOptions {
  const given = Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined));
  const parsed = optionsSchema.safeParse(given);
  if (parsed.success) return complete(parsed.data);
  const problems = parsed.error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys' && issue.path.length === 0) {
      return `${issue.keys.join(', ')}: no such option; the options are ${Object.keys(optionsSchema.shape).join(', ')}`;
    }
    const option = String(issue.path[0]);
    const inside = issue.path.length > 1 ? `${issue.path.slice(1).join('.')}: ` : '';
    return `${option} (${environmentVariableOf(option)}) ${valueOf(option, given[option])}: ${inside}${issue.message}`;
  });
  throw wrongOptions(problems);
}

function complete(options: z.output<typeof optionsSchema>): CompiledOptions {
  const { poolSize, maxVms = 2 * poolSize } = options;
  if (maxVms < poolSize) {
    throw wrongOptions([`maxVms (JS_RUNTIME_MAX_VMS) is ${maxVms}: must be at least poolSize, which is ${poolSize}`]);
  }
  for (const what of ['MemoryPercent', 'EventLoopDelayMs', 'QueueWaitMs'] as const) {
    const [low, high] = [options[`elevated${what}`], options[`critical${what}`]];
    if (low < high) continue;
    const variable = environmentVariableOf(`critical${what}`);
    throw wrongOptions([
      `critical${what} (${variable}) is ${high}: must be more than elevated${what}, which is ${low}`,
    ]);
  }
  if (options.cacheRedisUrl !== undefined && options.cacheSecret === undefined) {
    const rule = 'must have at least 32 characters when cacheRedisUrl is set';
    throw wrongOptions([`cacheSecret (JS_RUNTIME_CACHE_SECRET) is not set: ${rule}`]);
  }
  return Object.freeze({ ...options, maxVms });
}

function valueOf(option: string, value: unknown): string {
  return SECRET_OPTIONS.has(option) ? 'has a value that is not shown' : `is ${JSON.stringify(value)}`;
}

function wrongOptions(problems: readonly string[]): InvalidOptionsError {
  return new InvalidOptionsError(`JsRuntimeModule options are wrong:\n  ${problems.join('\n  ')}`);
}

import { environmentVariableOf } from './environment.ts';
import { optionsSchema, type CompiledOptions } from './options.schema.ts';

/** An option has a value that it may not have. Stops the start. */
export class InvalidOptionsError extends Error {
  override readonly name = 'InvalidOptionsError';
}

/**
 * Raw options → checked, complete, frozen.
 *
 * @throws InvalidOptionsError naming each wrong option, its environment variable, the value and the rule
 */
export function compileOptions(raw: Readonly<Record<string, unknown>>): CompiledOptions {
  const given = Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined));
  const parsed = optionsSchema.safeParse(given);
  if (parsed.success) return Object.freeze(parsed.data);
  const problems = parsed.error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return `${issue.keys.join(', ')}: no such option; the options are ${Object.keys(optionsSchema.shape).join(', ')}`;
    }
    const option = String(issue.path[0]);
    return `${option} (${environmentVariableOf(option)}) is ${JSON.stringify(given[option])}: ${issue.message}`;
  });
  throw new InvalidOptionsError(`JsRuntimeModule options are wrong:\n  ${problems.join('\n  ')}`);
}

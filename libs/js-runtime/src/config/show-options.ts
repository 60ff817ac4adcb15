import { environmentVariableOf } from './environment.ts';
import { optionsSchema, SECRET_OPTIONS, type CompiledOptions, type OptionName } from './options.schema.ts';

/** An option as it may be shown to operators, in a log for example. */
export interface ShownOption {
  readonly name: OptionName;
  /** The environment variable that sets it. */
  readonly variable: string;
  /** What is in effect; undefined when there is nothing; `[redacted]` when it is secret. */
  readonly value: unknown;
  /** Whether that is what it is when nobody says otherwise. */
  readonly isDefault: boolean;
}

const REDACTED = '[redacted]';

/** The options that are in effect, in the order of the schema. */
export function showOptions(options: CompiledOptions): readonly ShownOption[] {
  return (Object.keys(optionsSchema.shape) as OptionName[]).map((name) => ({
    name,
    variable: environmentVariableOf(name),
    value: shown(name, options[name]),
    isDefault: JSON.stringify(options[name]) === JSON.stringify(defaultOf(name, options)),
  }));
}

function shown(name: OptionName, value: unknown): unknown {
  if (SECRET_OPTIONS.has(name)) return value === undefined ? undefined : REDACTED;
  return typeof value === 'function' ? '(a function)' : value;
}

function defaultOf(name: OptionName, { poolSize }: CompiledOptions): unknown {
  return name === 'maxVms' ? 2 * poolSize : optionsSchema.shape[name].safeParse(undefined).data;
}

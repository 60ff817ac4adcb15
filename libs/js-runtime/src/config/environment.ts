import { optionsSchema, type OptionName } from './options.schema.ts';

/** `timeoutMs` → `JS_RUNTIME_TIMEOUT_MS` */
export function environmentVariableOf(option: string): string {
  return `JS_RUNTIME_${option.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** Picks the options that are set in an environment, unchecked. An empty variable counts as not set. */
export function optionsFromEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const options: Record<string, string> = {};
  for (const option of Object.keys(optionsSchema.shape) as OptionName[]) {
    const value = env[environmentVariableOf(option)];
    if (value !== undefined && value !== '') options[option] = value;
  }
  return options;
}

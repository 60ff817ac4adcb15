import { backendEnvironment } from './backend.config.ts';

/** A variable of the backend as it may be shown to operators. */
export interface ShownVariable {
  readonly variable: string;
  /** What is in effect; undefined when there is nothing, or it depends; `[redacted]` when it is secret. */
  readonly value: unknown;
  readonly isDefault: boolean;
}

const REDACTED = '[redacted]';
const SECRET_VARIABLES: ReadonlySet<string> = new Set(['TENANT_KEYS', 'STORAGE_URL']);

/** Whether the value of a variable is never shown. What is called a key counts without being named here. */
export function isSecretVariable(variable: string): boolean {
  return SECRET_VARIABLES.has(variable) || /(^|_)(KEY|SECRET|PASSWORD|TOKEN)$/.test(variable);
}

/** The variables of the backend, in the order of the schema, as an environment sets them. */
export function showVariables(env: NodeJS.ProcessEnv): readonly ShownVariable[] {
  return Object.entries(backendEnvironment.shape).map(([variable, schema]) => {
    const given = env[variable];
    const byDefault: unknown = schema.safeParse(undefined).data;
    if (given === undefined) return { variable, value: byDefault, isDefault: true };
    if (isSecretVariable(variable)) return { variable, value: REDACTED, isDefault: false };
    const parsed: unknown = schema.safeParse(given).data;
    return { variable, value: typeof parsed === 'number' ? parsed : given, isDefault: parsed === byDefault };
  });
}

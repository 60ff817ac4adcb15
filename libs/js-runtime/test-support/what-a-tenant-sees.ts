import { JsRuntimeError } from '../src/errors/js-runtime-error.ts';

/** Parts of paths and names that only the code around the scripts has. */
export const OURS = /file:|node:|libs\/|sandbox|js-runtime:realm|isolated-vm|process\.|internal/;

/** All that a tenant may see of an outcome. */
export function textOf(outcome: unknown): string {
  if (!(outcome instanceof JsRuntimeError)) return JSON.stringify(outcome);
  const { message, details, logs, stack } = outcome;
  // The first line of the stack is the message; the rest is of this process, and is not shown to a tenant.
  return JSON.stringify({ message, details, logs, header: stack?.split('\n    at ')[0] });
}

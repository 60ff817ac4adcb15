import { z } from 'zod';
import type { ApiInput, ApiMethod } from './api-method.ts';
import type { ScriptMethodOptions } from './script-method.decorator.ts';

const MAX_COST = 1000;
const MAX_ARGUMENT_VALUES = 1_000_000;
/** A day: far from where timers overflow. */
const MAX_TIMEOUT_MS = 86_400_000;

/**
 * A method as its options describe it.
 *
 * @param where names it in errors
 * @throws Error for options that no method can have
 */
export function apiMethodOf(
  name: string,
  options: ScriptMethodOptions,
  where: string,
  functionFor: ApiMethod['functionFor'],
): ApiMethod {
  const { permission = name.replace('.', ':'), description, input, maxArgumentValues = 1000 } = options;
  const { output, timeoutMs, cost = 1, body = false } = options;
  assertWhole(`${where}: maxArgumentValues`, maxArgumentValues, MAX_ARGUMENT_VALUES);
  assertWhole(`${where}: cost`, cost, MAX_COST);
  if (timeoutMs !== undefined) assertWhole(`${where}: timeoutMs`, timeoutMs, MAX_TIMEOUT_MS);
  return {
    name,
    permission,
    description,
    input: inputOf(input),
    maxArgumentValues,
    output,
    timeoutMs,
    cost,
    body,
    functionFor,
  };
}

function inputOf(schema: z.ZodType | undefined): ApiInput {
  if (schema === undefined) return { kind: 'none' };
  return { kind: schema instanceof z.ZodTuple ? 'tuple' : 'single', schema };
}

function assertWhole(what: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 1 || value > max) {
    throw new Error(`${what} is ${value}; allowed is a whole number from 1 to ${max}`);
  }
}

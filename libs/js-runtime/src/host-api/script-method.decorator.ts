import { DiscoveryService } from '@nestjs/core';
import type { z } from 'zod';
import type { ScriptCall } from './script-call.ts';

export interface ScriptMethodOptions<Input extends z.ZodType = z.ZodType> {
  /** What a tenant needs to call it. Default `<namespace>:<method>`. */
  readonly permission?: string | undefined;
  /** For the authors of scripts; first a line that says what it does. */
  readonly description?: string | undefined;
  /**
   * What it takes. A tuple stands for positional arguments, whose names are the `title` in their metadata; any other schema for
   * one argument. Must be synchronous. Default: no arguments.
   */
  readonly input?: Input | undefined;
  /**
   * The most values that its arguments may have, all together. Checking one that is wrong takes the backend up to 50 µs, during which it
   * does nothing else. Default 1000.
   */
  readonly maxArgumentValues?: number | undefined;
  /** What it gives, for typings; an answer that breaks it is the backend's fault, and never reaches the script. */
  readonly output?: z.ZodType | undefined;
  /** The most that one call may take, in milliseconds. Default: as long as the execution has. */
  readonly timeoutMs?: number | undefined;
  /** How much of `maxApiCalls` one call takes, a whole number. Default 1. */
  readonly cost?: number | undefined;
  /**
   * The answer has a string member `body`; in its place the script sees `text()` and `json()`, async as those of a fetch
   * `Response`. Default false.
   */
  readonly body?: boolean | undefined;
}

export const ScriptMethodMetadata = DiscoveryService.createDecorator<ScriptMethodOptions>();

/** A method that scripts may call, as `(arguments, call)`: what it returns crosses as JSON. */
type ScriptMethodSignature<Input extends z.ZodType> = (
  input: z.ZodType extends Input ? undefined : z.output<Input>,
  call: ScriptCall,
) => unknown;

/** Lets scripts call a method of a `@ScriptApi` provider. */
export function ScriptMethod<Input extends z.ZodType = z.ZodType>(
  options: ScriptMethodOptions<Input> = {},
): <Method extends ScriptMethodSignature<Input>>(
  target: object,
  key: string,
  descriptor: TypedPropertyDescriptor<Method>,
) => void {
  return ScriptMethodMetadata(options);
}

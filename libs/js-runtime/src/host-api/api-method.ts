import type { z } from 'zod';
import type { ApiHeader } from '../protocol/messages.ts';
import type { MethodFor } from './provider-instances.ts';
import type { ScriptCall } from './script-call.ts';

/** @param input as its schema gives it */
export type ApiFunction = (input: unknown, call: ScriptCall) => unknown;

/** What arguments are to be. `any`: one, whatever it is; `tuple`: positional ones. */
export type ApiInput =
  | { readonly kind: 'none' }
  | { readonly kind: 'any' }
  | { readonly kind: 'single'; readonly schema: z.ZodType }
  | { readonly kind: 'tuple'; readonly schema: z.ZodType };

/** One function that scripts may call. */
export interface ApiMethod extends ApiHeader {
  /** Undefined for one that belongs to a single execution: whoever exposed it has decided. */
  readonly permission: string | undefined;
  readonly description: string | undefined;
  readonly input: ApiInput;
  readonly maxArgumentValues: number;
  readonly output: z.ZodType | undefined;
  readonly timeoutMs: number | undefined;
  /**
   * What to call for an execution; asked at each call.
   *
   * @param execution stands for one execution: request-scoped providers have one instance for each
   */
  readonly functionFor: MethodFor<ApiFunction>;
}

/** All that scripts see under one name. */
export interface ApiNamespace {
  readonly name: string;
  readonly description: string | undefined;
  readonly methods: readonly ApiMethod[];
}

/** A value that JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json;
}

/**
 * Who an execution runs for. The backend sets it after it authenticated the caller; scripts see a frozen copy as
 * `context.tenant`, `context.user` and `context.request`, so everything in it must be JSON and fit for the tenant's eyes.
 */
export interface TenantContext {
  readonly tenant: JsonObject & { readonly id: string };
  readonly user?: JsonObject & { readonly id: string };
  readonly request?: JsonObject;
}

/** `context.request.id`, where that is a string: what records and log lines are found by. */
export function requestIdOf({ request }: TenantContext): string | undefined {
  return typeof request?.id === 'string' ? request.id : undefined;
}

import { DiscoveryService } from '@nestjs/core';
import type { Json, TenantContext } from '../tenancy/tenant-context.ts';

/** The execution whose `context` is made. */
export interface ContextRequest {
  readonly context: TenantContext;
  readonly executionId: string;
  /** Fires when the execution is cancelled. */
  readonly signal: AbortSignal;
}

/**
 * A provider with `@ContributesContext('plan')`: what it gives is `context.plan` of every script. Asked at every execution,
 * when that has its VM, so it should answer from memory.
 */
export interface ContextContributor {
  /** @returns JSON; undefined for nothing. What it throws ends the execution: without its context no script runs */
  contribute(request: ContextRequest): Json | undefined | Promise<Json | undefined>;
}

export const ContributorMetadata = DiscoveryService.createDecorator<string>();

/**
 * Makes a provider a {@link ContextContributor}. The application does not start when the key is the runtime's own, or is taken.
 *
 * @param key member of `context`
 */
export function ContributesContext(
  key: string,
): (target: new (...dependencies: never[]) => ContextContributor) => void {
  return ContributorMetadata(key);
}

import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import { decoratedProviders } from '../host-api/decorated-providers.ts';
import { ProviderInstances, type MethodFor } from '../host-api/provider-instances.ts';
import type { TenantContext } from '../tenancy/tenant-context.ts';
import { ContributorMetadata, type ContextContributor, type ContextRequest } from './context-contributor.ts';

/** What `context` has anyway. */
const OWN_KEYS: readonly string[] = ['tenant', 'user', 'request', 'executionId', 'deadlineMs'];

type Contribute = ContextContributor['contribute'];

/** Makes what scripts see as `context`. Who they run for is what the backend has entered, never what a script says. */
@Injectable()
export class ContextBridge implements OnModuleInit {
  #known: ReadonlyMap<string, MethodFor<Contribute>> | undefined;

  /** @throws Error for a key that is the runtime's own, or taken: the application does not start */
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly instances: ProviderInstances,
  ) {
    // Before anything is started. What a factory makes may not be there yet.
    this.#discover();
  }

  onModuleInit(): void {
    this.#known ??= this.#discover();
  }

  /** First asked for when all providers are there. */
  get #contributors(): ReadonlyMap<string, MethodFor<Contribute>> {
    return (this.#known ??= this.#discover());
  }

  #discover(): ReadonlyMap<string, MethodFor<Contribute>> {
    const contributors = new Map<string, MethodFor<Contribute>>();
    for (const { wrapper, type, options: key } of decoratedProviders(this.discovery, ContributorMetadata)) {
      const where = `@ContributesContext('${key}') of ${type.name}`;
      if (OWN_KEYS.includes(key)) throw new Error(`${where}: the runtime sets context.${key} itself`);
      if (contributors.has(key)) throw new Error(`${where}: another provider contributes this`);
      contributors.set(key, this.instances.methodOf<Contribute>(wrapper, 'contribute'));
    }
    return contributors;
  }

  /** What providers contribute to, beside the runtime's own. */
  get contributedKeys(): readonly string[] {
    return [...this.#contributors.keys()];
  }

  /**
   * What providers contribute to the context of an execution, as JSON text to be added to it.
   *
   * @returns at once when there are no such providers
   * @throws JsRuntimeError TENANT_CONTEXT_MISSING when one fails, or gives what is not JSON
   */
  contributionsTo(execution: object, request: ContextRequest): readonly string[] | Promise<readonly string[]> {
    if (this.#contributors.size === 0) return [];
    return Promise.all(
      [...this.#contributors].map(async ([key, methodFor]) => {
        try {
          const contribute = await methodFor(execution);
          const json = JSON.stringify(await contribute(request)) as string | undefined;
          return json === undefined ? '' : `,${JSON.stringify(key)}:${json}`;
        } catch (cause) {
          throw new JsRuntimeError('TENANT_CONTEXT_MISSING', `What makes context.${key} has failed`, {}, { cause });
        }
      }),
    );
  }

  /** What `context` has beside `executionId` and `deadlineMs`. @throws as `toJson` */
  commonToJson(context: TenantContext, contributions: readonly string[]): string {
    try {
      return withContributions(JSON.stringify(context), contributions);
    } catch (cause) {
      throw notJson(cause);
    }
  }

  /**
   * @param deadlineMs what is left to the execution
   * @throws JsRuntimeError TENANT_CONTEXT_MISSING when the tenant context is not JSON: whoever set it made a mistake
   */
  toJson({ context, executionId }: ContextRequest, deadlineMs: number, contributions: readonly string[]): string {
    try {
      return withContributions(JSON.stringify({ ...context, executionId, deadlineMs }), contributions);
    } catch (cause) {
      throw notJson(cause);
    }
  }
}

function withContributions(own: string, contributions: readonly string[]): string {
  return contributions.length === 0 ? own : `${own.slice(0, -1)}${contributions.join('')}}`;
}

function notJson(cause: unknown): JsRuntimeError {
  return new JsRuntimeError('TENANT_CONTEXT_MISSING', 'The tenant context that was entered is not JSON', {}, { cause });
}

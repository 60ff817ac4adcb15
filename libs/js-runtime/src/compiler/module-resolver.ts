import type { ScriptLanguage } from '../protocol/messages.ts';
import type { TenantContext } from '../tenancy/tenant-context.ts';

/** One `import` of a module. */
export interface ModuleRequest {
  /** As it is written in the source: `./tax.js`. */
  readonly specifier: string;
  /** Name of the module that imports it. */
  readonly importer: string;
  /** Fires when nobody waits for the answer any more. The same for all imports of one execution. */
  readonly signal: AbortSignal;
}

/** A module that a tenant may import. */
export interface ModuleSource {
  /** What identifies it within one execution, and its file name in stack traces: the same name is the same module. */
  readonly name: string;
  readonly source: string;
  /** Default `javascript`. */
  readonly language?: ScriptLanguage | undefined;
}

/**
 * Where a tenant's modules come from. Asked for every import that an execution comes to, so it should answer from memory; what
 * it answers counts from the next execution on, in warm realms as well: for invocations that come at about the same time it is asked once. `forRoot` takes its class as `moduleResolver`.
 */
export interface ModuleResolver {
  /** @returns undefined when this tenant has no such module: the script is told so */
  resolve(request: ModuleRequest, tenant: TenantContext): ModuleSource | undefined | Promise<ModuleSource | undefined>;
}

export const MODULE_RESOLVER = Symbol('MODULE_RESOLVER');

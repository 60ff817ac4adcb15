import type { CompiledScript } from './compiled-script.ts';

/** What loads in less than a message to a VM takes is not worth one. */
const MIN_CHARS = 16 * 1024;
/** Of one tenant, and their sources together, in UTF-16 code units. */
const MAX_SCRIPTS = 4;
const MAX_CHARS = 1024 * 1024;
/** Sources of all tenants together. */
const MAX_CHARS_OF_ALL = 16 * 1024 * 1024;

export interface HotScript {
  readonly script: CompiledScript;
  /** Heap limit of the isolate that it ran in last. */
  readonly maxMemoryMb: number;
}

interface OfTenant {
  readonly scripts: Map<string, HotScript>;
  chars: number;
}

/** The large scripts that each tenant ran last: what its next VM will be asked for. Whoever ran none for the longest time is forgotten first. */
export class HotScripts {
  readonly #tenants = new Map<string, OfTenant>();
  #chars = 0;

  /** A module is nothing to load ahead: it is compiled anew in each realm. */
  ran(script: CompiledScript, maxMemoryMb: number): void {
    const { id, tenantId, source, wrap } = script;
    if (source.length < MIN_CHARS || source.length > MAX_CHARS || wrap === 'module') return;
    const tenant = this.#tenants.get(tenantId) ?? { scripts: new Map<string, HotScript>(), chars: 0 };
    this.#tenants.delete(tenantId);
    this.#tenants.set(tenantId, tenant);
    this.#forget(tenant, id);
    tenant.scripts.set(id, { script, maxMemoryMb });
    this.#count(tenant, source.length);
    for (const oldest of tenant.scripts.keys()) {
      if (tenant.scripts.size <= MAX_SCRIPTS && tenant.chars <= MAX_CHARS) break;
      this.#forget(tenant, oldest);
    }
    for (const [oldest, { chars }] of this.#tenants) {
      if (this.#chars <= MAX_CHARS_OF_ALL) break;
      this.#tenants.delete(oldest);
      this.#chars -= chars;
    }
  }

  /** It is not to be loaded ahead, until it is run again. */
  forget(tenantId: string, id: string): void {
    const tenant = this.#tenants.get(tenantId);
    if (!tenant) return;
    this.#forget(tenant, id);
    if (tenant.scripts.size === 0) this.#tenants.delete(tenantId);
  }

  /** The last first. */
  of(tenantId: string): readonly HotScript[] {
    const tenant = this.#tenants.get(tenantId);
    return tenant ? [...tenant.scripts.values()].reverse() : [];
  }

  #forget(tenant: OfTenant, id: string): void {
    const before = tenant.scripts.get(id);
    if (before && tenant.scripts.delete(id)) this.#count(tenant, -before.script.source.length);
  }

  #count(tenant: OfTenant, chars: number): void {
    tenant.chars += chars;
    this.#chars += chars;
  }
}

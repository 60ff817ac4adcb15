import { Injectable } from '@nestjs/common';
import type { ModuleRequest, ModuleResolver, ModuleSource, TenantContext } from 'nestjs-js-runtime';
import { isModuleName } from './module-name.ts';
import { ModuleStore } from './module-store.ts';

/** All modules of a tenant lie side by side. */
const HERE = './';

/** Lets scripts and modules import the saved modules of their own tenant: `./tax.js` is the one named `tax.js`. */
@Injectable()
export class SavedModuleResolver implements ModuleResolver {
  /** What was asked for in one execution, each name once: it may be in Redis, and large. */
  readonly #asked = new WeakMap<AbortSignal, Map<string, Promise<ModuleSource | undefined>>>();

  constructor(private readonly store: ModuleStore) {}

  async resolve({ specifier, signal }: ModuleRequest, { tenant }: TenantContext): Promise<ModuleSource | undefined> {
    const name = specifier.startsWith(HERE) ? specifier.slice(HERE.length) : '';
    if (!isModuleName(name)) return undefined;
    const asked = this.#asked.get(signal) ?? new Map<string, Promise<ModuleSource | undefined>>();
    this.#asked.set(signal, asked);
    const found = asked.get(name) ?? this.store.find(tenant.id, name);
    asked.set(name, found);
    return found;
  }
}

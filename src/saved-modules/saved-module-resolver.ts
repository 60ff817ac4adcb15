import { Injectable } from '@nestjs/common';
import type { ModuleRequest, ModuleResolver, ModuleSource, TenantContext } from 'nestjs-js-runtime';
import { isModuleName } from './module-name.ts';
import { ModuleStore } from './module-store.ts';

/** All modules of a tenant lie side by side. */
const HERE = './';

/** Lets scripts and modules import the saved modules of their own tenant: `./tax.js` is the one named `tax.js`. */
@Injectable()
export class SavedModuleResolver implements ModuleResolver {
  constructor(private readonly store: ModuleStore) {}

  async resolve({ specifier }: ModuleRequest, { tenant }: TenantContext): Promise<ModuleSource | undefined> {
    const name = specifier.startsWith(HERE) ? specifier.slice(HERE.length) : '';
    return isModuleName(name) ? this.store.find(tenant.id, name) : undefined;
  }
}

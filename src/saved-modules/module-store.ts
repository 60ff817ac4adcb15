import { Injectable } from '@nestjs/common';
import { Storage } from '../storage/storage.ts';
import { TenantLine } from '../storage/tenant-line.ts';
import { checkQuota } from './module-quota.ts';
import { describe, type ModuleDescription, type SavedModule } from './saved-module.ts';

/**
 * The modules of all tenants: a value for each, and for each tenant an index, from which they are listed and counted.
 *
 * A tenant's changes happen one at a time, in one backend. Backends that share a Redis know nothing of each other's: of two
 * that change the modules of one tenant at the very same time, one index is lost, and with it what it alone had in it; to
 * save the module again puts it right.
 *
 * All methods reject with ProblemError STORAGE_UNAVAILABLE when the storage does not answer.
 */
@Injectable()
export class ModuleStore {
  readonly #changes = new TenantLine();

  constructor(private readonly storage: Storage) {}

  async find(tenantId: string, name: string): Promise<SavedModule | undefined> {
    return this.storage.get(keyOf(tenantId, name));
  }

  /** By name, without sources. */
  async list(tenantId: string): Promise<readonly ModuleDescription[]> {
    return (await this.storage.get<readonly ModuleDescription[]>(indexOf(tenantId))) ?? [];
  }

  /**
   * Resolves to whether the tenant had no module of this name.
   *
   * @throws ProblemError QUOTA_EXCEEDED
   */
  async save(tenantId: string, module: SavedModule): Promise<boolean> {
    return this.#changes.next(tenantId, async () => {
      const before = await this.list(tenantId);
      const others = before.filter(({ name }) => name !== module.name);
      const after = [...others, describe(module)].sort(byName);
      checkQuota(after);
      // In this order, so that whatever is there is in the index, and counts.
      await this.storage.set(indexOf(tenantId), after);
      await this.storage.set(keyOf(tenantId, module.name), module);
      return others.length === before.length;
    });
  }

  /** Resolves to whether there was one. */
  async delete(tenantId: string, name: string): Promise<boolean> {
    return this.#changes.next(tenantId, async () => {
      const wasThere = await this.storage.delete(keyOf(tenantId, name));
      const before = await this.list(tenantId);
      const after = before.filter((module) => module.name !== name);
      if (after.length !== before.length) await this.storage.set(indexOf(tenantId), after);
      return wasThere;
    });
  }
}

function keyOf(tenantId: string, name: string): readonly string[] {
  return ['module', tenantId, name];
}

function indexOf(tenantId: string): readonly string[] {
  return ['modules', tenantId];
}

function byName(a: ModuleDescription, b: ModuleDescription): number {
  return a.name < b.name ? -1 : 1;
}

import { Injectable } from '@nestjs/common';
import { CompilerService, TenancyService } from 'nestjs-js-runtime';
import { languageOf } from './module-name.ts';
import { ModuleStore } from './module-store.ts';
import { describe, type ModuleDescription, type ModuleRequest, type SavedModule } from './saved-module.ts';

export interface Saved {
  readonly module: ModuleDescription;
  /** Whether there was none of this name. */
  readonly isNew: boolean;
}

/** The saved modules of the current tenant. All methods reject as those of {@link ModuleStore}. */
@Injectable()
export class SavedModulesService {
  constructor(
    private readonly compiler: CompilerService,
    private readonly store: ModuleStore,
    private readonly tenancy: TenancyService,
  ) {}

  /**
   * Saves a module if it compiles. What it imports need not be there yet: modules can be saved in any order, also those that
   * import each other.
   *
   * @throws JsRuntimeError as `CompilerService.compile`, and then nothing is saved
   */
  async save(name: string, request: ModuleRequest, signal: AbortSignal): Promise<Saved> {
    const { source, language = languageOf(name) } = request;
    const compiled = await this.compiler.compile(name, source, { wrap: 'module', language, link: false, signal });
    const { tenantId, sourceHash, sourceBytes } = compiled;
    const updatedAt = new Date().toISOString();
    const module = { name, language, sourceHash, sourceBytes, updatedAt, source };
    const isNew = await this.store.save(tenantId, module);
    return { module: describe(module), isNew };
  }

  async list(): Promise<readonly ModuleDescription[]> {
    return this.store.list(this.#tenantId);
  }

  async find(name: string): Promise<SavedModule | undefined> {
    return this.store.find(this.#tenantId, name);
  }

  /** Resolves to whether there was one. */
  async delete(name: string): Promise<boolean> {
    return this.store.delete(this.#tenantId, name);
  }

  get #tenantId(): string {
    return this.tenancy.current().tenant.id;
  }
}

import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { Vm } from '../pool/vm-factory.ts';
import { withinBudget, type Budget } from '../security/metered-call.ts';
import { compilationFailed } from './compilation-failed.ts';
import type { CompiledScript } from './compiled-script.ts';
import { scriptTooLarge } from './describe-script.ts';
import type { ModuleSource } from './module-resolver.ts';

type Importer = Pick<CompiledScript, 'name'>;

/** Who asks for modules. Its signal is made when somebody looks at it. */
export type Asker = Pick<AbortController, 'signal'>;

/** What imports mean to one tenant, for one execution or compilation. */
export interface ModuleLookup {
  /** Undefined when there is no such module. Whatever else it comes to is not to be believed. */
  find(specifier: string, importer: Importer, asker: Asker): unknown;
  /** @throws Error when it is no module, JsRuntimeError SCRIPT_TOO_LARGE */
  describe(module: ModuleSource, specifier: string, importer: Importer): CompiledScript;
}

/** So many are asked for at a time: what they come from is for all tenants. */
export const ASKED_AT_ONCE = 8;

/** Follows the imports of a script, and counts what that comes to. */
export class ModuleFinder {
  /** The script first; each module once, by its name. */
  readonly modules: CompiledScript[];
  readonly #indices = new Map<string, number>();
  readonly #over = new AbortController();
  #sourceBytes: number;

  constructor(
    private readonly script: CompiledScript,
    private readonly lookup: ModuleLookup,
    private readonly vm: Vm,
    private readonly budget: Budget,
  ) {
    this.modules = [script];
    this.#sourceBytes = script.sourceBytes;
  }

  /** The indices in `modules` of what a module imports. @throws JsRuntimeError COMPILATION_FAILED, SCRIPT_TOO_LARGE */
  async findAll(
    importer: CompiledScript,
    specifiers: readonly string[],
  ): Promise<(readonly [specifier: string, index: number])[]> {
    if (specifiers.length === 0) return [];
    try {
      const indices: (readonly [string, number])[] = [];
      for (let start = 0; start < specifiers.length; start += ASKED_AT_ONCE) {
        const batch = specifiers.slice(start, start + ASKED_AT_ONCE);
        const found = await Promise.all(batch.map(async (specifier) => this.#find(specifier, importer)));
        for (const [index, specifier] of batch.entries()) {
          indices.push([specifier, this.#indexOf(found[index], specifier, importer)]);
        }
      }
      return indices;
    } catch (error) {
      this.#over.abort();
      throw error;
    }
  }

  async #find(specifier: string, importer: CompiledScript): Promise<unknown> {
    const found = this.lookup.find(specifier, importer, this.#over);
    return isThenable(found) ? await withinBudget(Promise.resolve(found), this.budget, this.vm) : found;
  }

  #indexOf(found: unknown, specifier: string, importer: CompiledScript): number {
    if (found === undefined || found === null) {
      throw this.#cannotImport(`Cannot find module ${JSON.stringify(specifier)}`, specifier, importer);
    }
    const { name } = found as ModuleSource;
    // Once by its name: it is measured and hashed, which for a large one takes longer than everything else.
    const known = this.#indices.get(name);
    if (known !== undefined) return known;
    const { maxModules, maxSourceBytes } = this.budget.tracker.limits;
    const module = this.lookup.describe(found as ModuleSource, specifier, importer);
    if (module.id === this.script.id) return this.#keep(name, 0);
    if (name === this.script.name) {
      throw this.#cannotImport(`The script itself is called ${name}: give it another name`, specifier, importer);
    }
    if (this.modules.length === maxModules) throw tooManyModules(maxModules);
    this.#sourceBytes += module.sourceBytes;
    if (this.#sourceBytes > maxSourceBytes) {
      throw scriptTooLarge('The script and what it imports have', this.#sourceBytes, maxSourceBytes);
    }
    return this.#keep(name, this.modules.push(module) - 1);
  }

  #keep(name: string, index: number): number {
    this.#indices.set(name, index);
    return index;
  }

  #cannotImport(message: string, specifier: string, importer: CompiledScript): JsRuntimeError {
    const error = { name: 'Error', message, stack: '', file: importer.name };
    return compilationFailed(error, this.modules, specifier);
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

function tooManyModules(allowed: number): JsRuntimeError {
  const message = `The script and what it imports are more than ${allowed} modules`;
  return new JsRuntimeError('SCRIPT_TOO_LARGE', message, { limit: { name: 'maxModules', allowed } });
}

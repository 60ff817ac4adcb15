import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { Budget } from '../security/metered-call.ts';
import { withinBudget } from '../security/metered-call.ts';
import { compilationFailed } from './compilation-failed.ts';
import type { CompiledScript } from './compiled-script.ts';
import { scriptTooLarge } from './describe-script.ts';

/** What a specifier means in a module; undefined when there is no such module. */
export type FindModule = (
  specifier: string,
  importer: CompiledScript,
  signal: AbortSignal,
) => CompiledScript | undefined | Promise<CompiledScript | undefined>;

/** Follows the imports of a script, and counts what that comes to. */
export class ModuleFinder {
  /** The script first; each module once, by its name. */
  readonly modules: CompiledScript[];
  readonly #indices = new Map<string, number>();
  readonly #over = new AbortController();
  #sourceBytes: number;

  constructor(
    script: CompiledScript,
    private readonly findModule: FindModule,
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
      const found = await Promise.all(specifiers.map(async (specifier) => this.#find(specifier, importer)));
      return found.map((module, index) => [specifiers[index] ?? '', this.#indexOf(module)]);
    } catch (error) {
      this.#over.abort();
      throw error;
    }
  }

  async #find(specifier: string, importer: CompiledScript): Promise<CompiledScript> {
    const finding = this.findModule(specifier, importer, this.#over.signal);
    const module = finding instanceof Promise ? await withinBudget(finding, this.budget) : finding;
    if (module) return module;
    throw compilationFailed(
      {
        name: 'Error',
        message: `Cannot find module ${JSON.stringify(specifier)}`,
        stack: '',
        file: importer.name,
      },
      new Map([...this.modules, importer].map(({ name, source }) => [name, source])),
      specifier,
    );
  }

  #indexOf(module: CompiledScript): number {
    const [script] = this.modules;
    if (module.id === script?.id) return 0;
    const known = this.#indices.get(module.name);
    if (known !== undefined) return known;
    const { maxModules, maxSourceBytes } = this.budget.tracker.limits;
    const index = this.modules.push(module) - 1;
    this.#indices.set(module.name, index);
    if (this.modules.length > maxModules) throw tooManyModules(maxModules);
    this.#sourceBytes += module.sourceBytes;
    if (this.#sourceBytes > maxSourceBytes) {
      throw scriptTooLarge('The script and what it imports have', this.#sourceBytes, maxSourceBytes);
    }
    return index;
  }
}

function tooManyModules(allowed: number): JsRuntimeError {
  const message = `The script and what it imports are more than ${allowed} modules`;
  return new JsRuntimeError('SCRIPT_TOO_LARGE', message, { limit: { name: 'maxModules', allowed } });
}

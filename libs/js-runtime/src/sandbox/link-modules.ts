import type ivm from 'isolated-vm';
import type { ScriptErrorInfo, UnitHeader } from '../protocol/messages.ts';
import { requestedModule } from '../protocol/requested-module.ts';
import { compileModule, specifierOf } from './compile.ts';
import { NotCompiled, syntaxError } from './syntax-error.ts';

export interface ModuleUnit {
  readonly header: UnitHeader;
  readonly source: string;
}

/** Modules of one realm that are ready to be evaluated. */
export interface LinkedModules {
  /** `EntryNamespace` is its namespace. */
  readonly entry: ivm.Module;
  release(): void;
}

/** What the realm gets to see. `done` cannot be read until all modules have been evaluated, also those with an `await` outside of functions. */
export interface EntryNamespace {
  readonly value: unknown;
  readonly done: true;
}

const ENTRY_NAME = 'js-runtime:entry';
/** A specifier that means the first unit whatever it imports itself. */
const ENTRY_SOURCE = "export { default as value } from 'script'; export const done = true;";

/**
 * Links modules into a realm. The first is the one whose default export counts.
 *
 * @throws NotCompiled when one imports what another does not export, or the first has no default export
 */
export function linkModules(
  isolate: ivm.Isolate,
  context: ivm.Context,
  units: readonly [ModuleUnit, ...ModuleUnit[]],
): LinkedModules {
  const graph = new ModuleGraph(isolate, units);
  const entry = isolate.compileModuleSync(ENTRY_SOURCE, { filename: ENTRY_NAME });
  const release = (): void => {
    entry.release();
    graph.release();
  };
  try {
    entry.instantiateSync(context, (specifier, importer) =>
      importer === entry ? graph.first.module : graph.resolve(specifier, importer),
    );
    return { entry, release };
  } catch (error) {
    release();
    throw new NotCompiled(whyNotLinked(isolate, context, units, error as Error));
  }
}

interface GraphNode {
  readonly header: UnitHeader;
  readonly module: ivm.Module;
}

/** Modules that are compiled, and who imports whom. */
class ModuleGraph {
  readonly first: GraphNode;
  readonly #nodes: readonly GraphNode[];
  readonly #imports = new Map<ivm.Module, ReadonlyMap<string, number>>();

  constructor(isolate: ivm.Isolate, [first, ...others]: readonly [ModuleUnit, ...ModuleUnit[]]) {
    const compile = ({ header, source }: ModuleUnit): GraphNode => {
      const module = compileModule(isolate, header.name, source);
      this.#imports.set(module, new Map(header.imports));
      return { header, module };
    };
    this.first = compile(first);
    this.#nodes = [this.first, ...others.map(compile)];
  }

  resolve(specifier: string, importer: ivm.Module): ivm.Module {
    const index = this.#imports.get(importer)?.get(specifierOf(specifier));
    const node = index === undefined ? undefined : this.#nodes[index];
    if (!node) throw new Error(`nobody said what ${JSON.stringify(specifier)} means`);
    return node.module;
  }

  /** In a cycle, modules are linked together: then V8's words tell which specifier it is. */
  importerOf(message: string, linking: string): string {
    const specifier = requestedModule(message);
    const importers = this.#nodes.filter(({ header }) => header.imports.some(([other]) => other === specifier));
    const found = importers.find(({ header }) => header.name === linking) ?? importers[0];
    return found?.header.name ?? linking;
  }

  /** All, each after what it imports; in a cycle, the one that was come to last is first. */
  *inOrder(node = this.first, seen = new Set<GraphNode>()): Generator<GraphNode> {
    if (seen.has(node)) return;
    seen.add(node);
    for (const [, index] of node.header.imports) {
      const imported = this.#nodes[index];
      if (imported) yield* this.inOrder(imported, seen);
    }
    yield node;
  }

  release(): void {
    for (const { module } of this.#nodes) module.release();
  }
}

/** V8 does not say which module's import is wrong, so they are linked once more, one by one. */
function whyNotLinked(
  isolate: ivm.Isolate,
  context: ivm.Context,
  units: readonly [ModuleUnit, ...ModuleUnit[]],
  { name, message }: Error,
): ScriptErrorInfo {
  const graph = new ModuleGraph(isolate, units);
  let linking = graph.first.header.name;
  try {
    for (const { header, module } of graph.inOrder()) {
      linking = header.name;
      module.instantiateSync(context, (specifier, importer) => graph.resolve(specifier, importer));
    }
  } catch (error) {
    const { name, message } = error as Error;
    return syntaxError(name, message, graph.importerOf(message, linking));
  } finally {
    graph.release();
  }
  // All but the entry's own import.
  const lacksDefault = message.includes("export named 'default'");
  return syntaxError(name, lacksDefault ? `${linking} has no default export` : message, linking);
}
